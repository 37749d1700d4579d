import { expect } from 'chai';
import { Attempts, attemptsOfLedger } from '../../../../protocol/privacy/accounting/attempts.js';

const of = (round: number, attempt: number, cohort: readonly number[] | null = [attempt]) => ({
  round,
  attempt,
  cohort,
});

describe('protocol/privacy/attempts', () => {
  it('those that were written down are there again: cohorts of what nothing charged, charges counted from the first', () => {
    const before = new Attempts();
    for (const attempt of [0, 1, 2]) before.begin(of(4, attempt));
    before.begin(of(5, 0));
    before.charge(4, 0);
    const after = new Attempts(JSON.parse(JSON.stringify(before.recorded())));
    expect(after.recorded()).to.deep.equal(before.recorded());
    expect([after.begun(4), after.charged(4), after.begun(5), after.charged(5)]).to.deep.equal([3, 1, 1, 0]);
    expect(after.uncharged(4, 3)).to.deep.equal([of(4, 1), of(4, 2)]);
    expect([after.begun(6), after.charged(6)]).to.deep.equal([0, 0]);
    expect(after.uncharged(5, 1)).to.deep.equal([of(5, 0)]);
  });

  it('what is charged is not charged again, and one that was not written down may have released all', () => {
    const attempts = new Attempts();
    attempts.begin(of(2, 0));
    attempts.begin(of(2, 3));
    attempts.charge(2, 0);
    attempts.charge(2, 0);
    expect(attempts.uncharged(2, 4)).to.deep.equal([of(2, 1, null), of(2, 2, null), of(2, 3)]);
    attempts.charge(2, 3);
    expect(attempts.uncharged(2, 4)).to.deep.equal([]);
    expect(attempts.charged(2)).to.equal(4);
  });

  it('after a return to an earlier round every later one that began counts, in order, and none once it is forgotten', () => {
    const attempts = new Attempts();
    for (const round of [9, 7, 8]) attempts.begin(of(round, 0));
    expect(attempts.unchargedAfter(7)).to.deep.equal([of(8, 0), of(9, 0)]);
    attempts.forget(8);
    expect(attempts.unchargedAfter(7)).to.deep.equal([of(9, 0)]);
  });

  it('of a run that did not write attempts down, one at the round after its last release may have released all', () => {
    const attempts = attemptsOfLedger(
      [
        { round: 3, attempt: 0 },
        { round: 6, attempt: 1 },
        { round: 5, attempt: 0 },
      ],
      2,
    );
    expect([attempts.charged(3), attempts.charged(5), attempts.charged(6)]).to.deep.equal([1, 1, 2]);
    expect(attempts.unchargedAfter(1)).to.deep.equal([of(7, 0, null)]);
    expect(attemptsOfLedger([], 2).unchargedAfter(1)).to.deep.equal([of(2, 0, null)]);
  });
});
