import { expect } from 'chai';
import type { Absence, Links, PartyId, ReadonlyVector } from '../../../../protocol/method.js';
import { mix, mixCopies } from '../../../../protocol/methods/gossip/parts/mix.js';

/** Row 1 of W: 1/2 for itself, 1/4 for peer 0, 1/8 each for peers 2 and 3. Powers of two, so every sum below is exact. */
const WEIGHTS: Readonly<Record<number, number>> = { 0: 1 / 4, 1: 1 / 2, 2: 1 / 8, 3: 1 / 8 };
const links = {
  inNeighbors: [0, 1, 2, 3],
  weightFrom: (peer: PartyId) => WEIGHTS[peer as number] ?? 0,
} as unknown as Links;

const OWN = Float64Array.of(8, 80);
const sent: Readonly<Record<number, ReadonlyVector>> = {
  0: Float64Array.of(4, 0),
  1: OWN,
  2: Float64Array.of(16, 8),
  3: Float64Array.of(-8, 64),
};

function inbox(from: readonly number[], vectors = sent) {
  const absent = [0, 1, 2, 3]
    .filter((peer) => !from.includes(peer))
    .map((peer) => ({ from: peer, why: 'dropped' }) satisfies Absence);
  return Object.assign(
    from.map((peer) => ({ from: peer, x: vectors[peer]! })),
    { absent },
  );
}
const mixed = (from: readonly number[]) => mix(inbox(from), links, OWN, ({ x }) => x);

describe('protocol/methods/gossip/parts/mix', () => {
  it('is row 1 of W: 8/2 + 4/4 + 16/8 - 8/8 = 6 and 80/2 + 0 + 1 + 8 = 49', () => {
    expect([...mixed([0, 1, 2, 3])]).to.deep.equal([6, 49]);
  });

  it("a missing message's weight goes to the party's own vector, so that the row sums to 1", () => {
    // Without peer 0: 3/4 of 8, 16/8 and -8/8; the other coordinate 3/4 of 80, 1 and 8.
    expect([...mixed([1, 2, 3])]).to.deep.equal([7, 69]);
    // Without anything, its own included: its own vector, and not zeros.
    expect([...mixed([])]).to.deep.equal([8, 80]);
  });

  it('equal vectors are left where they are, whatever did not arrive', () => {
    const same = { 0: OWN, 1: OWN, 2: OWN, 3: OWN };
    for (const from of [[0, 1, 2, 3], [1, 3], [2]])
      expect([...mix(inbox(from, same), links, OWN, ({ x }) => x)]).to.deep.equal([8, 80]);
  });

  it('float32 is summed in float64 and rounded once: 2^26/4 + 2/2 + 8/8 + 16/8 is 2^24 + 4, not 2^24 + 2', () => {
    const single = Object.fromEntries([2 ** 26, 2, 8, 16].map((x, peer) => [peer, Float32Array.of(x)]));
    const result = mix(inbox([0, 1, 2, 3], single), links, single[1]!, ({ x }) => x);
    expect(result).to.be.instanceOf(Float32Array);
    expect(result[0]).to.equal(2 ** 24 + 4);
  });

  it('of copies, the party stands for itself with its own vector and for every peer without a copy', () => {
    const copyOf = (peer: PartyId) => (peer === 1 || peer === 0 ? Float64Array.of(1e6, 1e6) : sent[peer as number]);
    const withOne = mixCopies(links, 1, OWN, (peer) => (peer === 0 ? sent[0] : copyOf(peer)));
    expect([...withOne]).to.deep.equal([6, 49]);
    const withoutZero = mixCopies(links, 1, OWN, (peer) => (peer === 0 ? undefined : copyOf(peer)));
    expect([...withoutZero]).to.deep.equal([7, 69]);
  });
});
