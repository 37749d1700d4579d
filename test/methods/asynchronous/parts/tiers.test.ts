import { expect } from 'chai';
import {
  beginTiers,
  merge,
  sizeOf,
  tierOf,
  withAnswer,
  withRoundDone,
} from '../../../../protocol/methods/asynchronous/parts/tiers.js';

const sizes = (count: number, clients: number) => Array.from({ length: count }, (_, m) => sizeOf(m, count, clients));

describe('tiers of FedAT', () => {
  it('share the clients: 8 in three are 3, 3 and 2; sizes sum to the clients, fall, and differ by 1 at most', () => {
    expect(sizes(3, 8)).to.deep.equal([3, 3, 2]);
    expect(sizes(3, 6)).to.deep.equal([2, 2, 2]);
    for (let clients = 1; clients <= 12; clients++)
      for (let count = 1; count <= clients; count++) {
        const all = sizes(count, clients);
        expect(all.reduce((a, b) => a + b)).to.equal(clients);
        expect(all).to.deep.equal([...all].sort((a, b) => b - a));
        expect(all[0]! - all.at(-1)!).to.be.within(0, 1);
      }
  });

  it('are filled by first answers, the fastest first; a client that has a tier keeps it', () => {
    let tiers = beginTiers(2, Float64Array.of(0));
    const found = [4, 0, 4, 2, 1, 0, 3, 2].map((client) => {
      const m = tierOf(tiers, client, 5);
      tiers = tiers.map((tier, i) => (i === m ? withAnswer(tier, client, 1, Float64Array.of(0)) : tier));
      return m;
    });
    expect(found).to.deep.equal([0, 0, 0, 0, 1, 0, 1, 0]);
    expect(tiers.map(({ members }) => members)).to.deep.equal([
      [4, 0, 2],
      [1, 3],
    ]);
  });

  it('end a round with the mean of its answers by weight, one round more, and nothing left of them', () => {
    const [empty] = beginTiers(1, Float64Array.of(9, 9));
    const one = withAnswer(empty!, 3, 1, Float64Array.of(1, -2));
    const two = withAnswer(one, 5, 3, Float64Array.of(5, 2));
    expect([...one.sum], 'an answer leaves the tier that it came to as it was').to.deep.equal([1, -2]);
    expect([...empty!.sum]).to.deep.equal([0, 0]);
    expect([two.back, two.members, two.weight]).to.deep.equal([[3, 5], [3, 5], 4]);
    const done = withRoundDone(two);
    expect([...done.params]).to.deep.equal([4, 1]);
    expect([done.rounds, done.weight, [...done.sum], done.back, done.members]).to.deep.equal([
      1,
      0,
      [0, 0],
      [],
      [3, 5],
    ]);
    expect(withRoundDone(withAnswer(done, 3, 1, done.params)).rounds).to.equal(2);
  });

  it('merge with weights that sum to 1: equal models are the merged one, crossed or not', () => {
    const tiers = beginTiers(4, Float64Array.of(3, -1)).map((tier, m) => ({ ...tier, rounds: [20, 7, 2, 0][m]! }));
    for (const crossed of [true, false])
      for (const [i, value] of [3, -1].entries()) expect(merge(tiers, crossed)[i]).to.be.closeTo(value, 1e-14);
  });
});
