import { expect } from 'chai';
import { drop } from '../../../protocol/faults/drop.js';
import type { Vector } from '../../../protocol/method.js';
import { loadMethod } from '../../../protocol/method-loader.js';
import { scale } from '../../../protocol/numerics/vector.js';
import { combination, gradientsAt, largestDifference, meanVector, startingAt } from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

interface Peer {
  readonly z: Vector;
  readonly weight: number;
  readonly sent: { readonly weight: number; readonly shares: readonly { to: number; share: number }[] } | null;
}

/** Strongly connected, with out-degrees from 1 to 3: no doubly stochastic weights follow from its degrees. */
const irregular = {
  name: 'edge-list',
  directed: true,
  weights: 'push-sum',
  edges: [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
    [5, 6],
    [6, 7],
    [7, 0],
    [0, 4],
    [0, 5],
    [2, 6],
    [5, 1],
  ],
};
const STEP = 0.05;

describe('push-sum', () => {
  for (const topology of [irregular, { name: 'one-peer-exponential', weights: 'push-sum' }])
    it(`${topology.name}: weights sum to the number of peers, and the mean of z moves by -step times the mean gradient, to 1e-13`, async () => {
      await runPeers<Peer>(
        { method: { name: 'push-sum', stepSize: STEP }, topology, rounds: 40 },
        {
          watch({ before, states }, problem) {
            const weights = states.reduce((sum, { weight }) => sum + weight, 0);
            expect(weights).to.be.closeTo(8, 1e-13);
            const points = before.map(({ z, weight }) => scale(1 / weight, z));
            const mean = meanVector(before.map(({ z }) => z));
            const expected = combination([1, mean], [-STEP, meanVector(gradientsAt(problem, points))]);
            expect(largestDifference(meanVector(states.map(({ z }) => z)), expected)).to.be.lessThan(1e-13);
          },
        },
      );
    });

  it('10 % of messages lost in one direction: the weights lack exactly what the senders have no acknowledgement of yet, and averaging still finds the mean to 1e-12', async () => {
    const method = startingAt(
      await loadMethod('push-sum'),
      (client, initial) => initial.map((_, j) => client * (j - 2)) as Vector,
    );
    let lacked = 0;
    const { states } = await runPeers<Peer>(
      {
        method: { name: 'push-sum', stepSize: 0 },
        topology: irregular,
        rounds: 600,
        faults: [{ ...drop({ probability: 0.1 }), from: 0, until: 300 }],
      },
      {
        method,
        watch({ round, states: now }) {
          const lack = 8 - now.reduce((sum, { weight }) => sum + weight, 0);
          lacked = Math.max(lacked, lack);
          expect(lack).to.be.greaterThan(-1e-12);
          if (round > 301) expect(lack).to.be.closeTo(0, 1e-12);
        },
      },
    );
    expect(lacked, 'mass under way').to.be.greaterThan(0.1);
    for (const { z, weight } of states)
      for (const [j, value] of scale(1 / weight, z).entries()) expect(value).to.be.closeTo(3.5 * (j - 2), 1e-12);
  });
});
