import { expect } from 'chai';
import { LentVectors } from '../../../protocol/party/lent-vectors.js';
import { PartyRound } from '../../../protocol/party/round.js';

describe('vectors that messages are done with', () => {
  const vectors = () => new LentVectors(3, 'float32');

  it('are lent again, the last one first', () => {
    const lent = vectors();
    const [first, second] = [lent.borrow(), lent.borrow()];
    expect(first).to.not.equal(second);
    lent.giveBack(first);
    lent.giveBack(second);
    expect(lent.borrow()).to.equal(second);
    expect(lent.borrow()).to.equal(first);
  });

  it('one that is given back twice is lent to one borrower', () => {
    const lent = vectors();
    const vector = lent.borrow();
    lent.giveBack(vector);
    lent.giveBack(vector);
    expect(lent.borrow()).to.equal(vector);
    expect(lent.borrow()).to.not.equal(vector);
  });

  it('one that was not borrowed is never lent: its owner may keep it', () => {
    const lent = vectors();
    const own = new Float32Array(3);
    lent.giveBack(own);
    expect(lent.borrow()).to.not.equal(own);
  });

  it('are kept up to 32 MiB', () => {
    const lent = new LentVectors(2 ** 21, 'float64');
    const borrowed = [lent.borrow(), lent.borrow(), lent.borrow()];
    for (const vector of borrowed) lent.giveBack(vector);
    const again = [lent.borrow(), lent.borrow(), lent.borrow()];
    expect(again.filter((vector) => borrowed.includes(vector))).to.have.length(2);
  });

  for (const [who, inboxRules, received] of [
    ['an attack or a robust sum', {}, undefined],
    ['a probe', null, () => {}],
  ] as const)
    it(`are not lent again in a run where ${who} may keep them`, () => {
      const roundOf = (rules: object | null, probe: (() => void) | undefined) => {
        const host = { vectors: vectors(), inboxRules: rules, layouts: new Map() };
        const plan = { index: 0, attempt: 0, cohort: [], startMs: 0 };
        const tools = { msPerRound: 0, received: probe };
        return new PartyRound({
          party: 'coordinator',
          host,
          plan,
          tools,
          mailbox: {},
          dispatch: {},
          clockMs: 0,
        } as never);
      };
      for (const [round, isLentAgain] of [
        [roundOf(null, undefined), true],
        [roundOf(inboxRules, received), false],
      ] as const) {
        const vector = round.borrow();
        round.giveBack(vector);
        expect(round.borrow() === vector).to.equal(isLentAgain);
      }
    });
});
