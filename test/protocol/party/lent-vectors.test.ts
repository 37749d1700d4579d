import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { moduleMemory } from '../../../protocol/numerics/simd/module-vectors.js';
import { LentVectors } from '../../../protocol/party/lent-vectors.js';
import { PartyRound } from '../../../protocol/party/round.js';
import type { AnyPayload } from '../../../protocol/wire/encoded-message.js';
import { type Frame, joinBody } from '../../../protocol/wire/frame.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';

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

  describe('of a frame that came over a socket', () => {
    const kinds = {
      update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'] },
      two: { from: 'clients', to: 'coordinator', vectors: ['first', 'second'] },
      noted: { from: 'clients', to: 'coordinator', vectors: ['delta'], bytes: ['note'] },
    } as const;
    const delta = Float32Array.of(1, 2, 3);
    /** How often its memory is free after its first vector was given back `times` times. */
    const freed = (kind: keyof typeof kinds, payload: AnyPayload, count = 1, times = 1, decoded?: Float32Array) => {
      const layout = layoutsOf(kinds, 'float32').get(kind)!;
      const body = joinBody({ messages: Array.from({ length: count }, () => layout.encode(payload, null)) });
      const messages = layout.split(body, count);
      const message = layout.decode(messages[0]!, 0, null);
      const lent = vectors();
      let releases = 0;
      const vector = decoded ?? (message[layout.vectors[0]!] as Float32Array);
      const given = { ...message, [layout.vectors[0]!]: vector };
      lent.receive(layout, { messages, release: () => releases++ } as unknown as Frame, given);
      for (let i = 0; i < times; i++) lent.giveBack(vector);
      expect(lent.borrow()).to.not.equal(vector);
      return releases;
    };

    it('its memory is free when its one vector is given back, once', () => {
      expect(freed('update', { delta, examples: 5 }, 1, 0)).to.equal(0);
      expect(freed('update', { delta, examples: 5 }, 1, 2)).to.equal(1);
    });

    it('it is not where something else lies there, or where a codec made the vector', () => {
      expect(freed('two', { first: delta, second: delta })).to.equal(0);
      expect(freed('noted', { delta, note: Uint8Array.of(1) })).to.equal(0);
      expect(freed('update', { delta, examples: 5 }, 2)).to.equal(0);
      expect(freed('update', { delta, examples: 5 }, 1, 1, Float32Array.of(1, 2, 3))).to.equal(0);
    });
  });

  it('lie in a module where codecs read them, are large and in float32, and in no other case', () => {
    const isInModule = (length: number, precision: 'float32' | 'float64', encoded: boolean) =>
      moduleMemory((new LentVectors(length, precision, encoded).borrow() as Vector).buffer) !== undefined;
    expect(isInModule(2 ** 18, 'float32', true)).to.equal(true);
    expect(isInModule(2 ** 18, 'float32', false)).to.equal(false);
    expect(isInModule(2 ** 18, 'float64', true)).to.equal(false);
    expect(isInModule(2 ** 10, 'float32', true)).to.equal(false);
  });

  it('one in place of a new vector is lent where that is of the same length, and not small', () => {
    const lent = new LentVectors(2 ** 14, 'float32');
    expect(lent.borrowLike(new Float32Array(2 ** 14))).to.have.length(2 ** 14);
    expect(lent.borrowLike(new Float32Array(2 ** 14 + 1))).to.equal(undefined);
    expect(vectors().borrowLike(new Float32Array(3))).to.equal(undefined);
  });

  it('are kept up to 32 MiB', () => {
    const lent = new LentVectors(2 ** 21, 'float64');
    const borrowed = [lent.borrow(), lent.borrow(), lent.borrow()];
    for (const vector of borrowed) lent.giveBack(vector);
    const again = [lent.borrow(), lent.borrow(), lent.borrow()];
    expect(again.filter((vector) => borrowed.includes(vector))).to.have.length(2);
  });

  for (const [who, inboxRules, received, keeps] of [
    ['an attack or a robust sum', {}, undefined, false],
    ['a probe', null, () => {}, false],
    ['a codec', null, undefined, true],
  ] as const)
    it(`are not lent again in a run where ${who} may keep them`, () => {
      const roundOf = (rules: object | null, probe: (() => void) | undefined, kept: boolean) => {
        const host = { vectors: vectors(), inboxRules: rules, layouts: new Map() };
        const plan = { index: 0, attempt: 0, cohort: [], startMs: 0 };
        const tools = { msPerRound: 0, received: probe, coding: { keeps: () => kept } };
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
        [roundOf(null, undefined, false), true],
        [roundOf(inboxRules, received, keeps), false],
      ] as const) {
        const vector = round.borrow();
        round.giveBack(vector);
        expect(round.borrow() === vector).to.equal(isLentAgain);
      }
    });
});
