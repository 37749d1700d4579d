import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { combination, finalOf, gradientsAt, largestDifference, meanVector, runPeers } from '../../support/peer-run.js';

interface Peer {
  readonly x: Vector;
}

const STEP = 0.05;

describe('graphs that change every round', () => {
  for (const topology of ['random-matching', 'one-peer-exponential'])
    it(`${topology}: the mean of dgd's iterates moves by -step times the mean gradient, to 1e-14`, async () => {
      await runPeers<Peer>(
        { method: { name: 'dgd', stepSize: STEP }, topology, rounds: 20 },
        {
          watch({ before, states }, problem) {
            const points = before.map(({ x }) => x);
            const expected = combination([1, meanVector(points)], [-STEP, meanVector(gradientsAt(problem, points))]);
            expect(largestDifference(meanVector(states.map(({ x }) => x)), expected)).to.be.lessThan(1e-14);
          },
        },
      );
    });

  const topTwoOfFive = { '*': { codec: { name: 'top-k', fraction: 0.4 } } };
  for (const method of [
    { name: 'gradient-tracking', stepSize: STEP },
    { name: 'dproxsgt', stepSize: STEP },
    { name: 'cdproxsgt', stepSize: STEP, links: 'acknowledged', trackerMixing: 0.3, iterateMixing: 0.3 },
    { name: 'beer', stepSize: STEP, links: 'acknowledged', mixing: 0.2 },
  ])
    it(`one-peer-exponential: ${method.name} is exact, mean squared error below 1e-12 after 1500 rounds`, async () => {
      const run = await runPeers({
        method,
        topology: 'one-peer-exponential',
        rounds: 1500,
        codecs: topTwoOfFive,
        evaluation: { everyRounds: 100 },
      });
      expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-12);
    });

  it('one-peer-exponential: vra-dgt without noise falls below 1e-3 in 1500 rounds', async () => {
    const run = await runPeers({
      method: 'vra-dgt',
      topology: 'one-peer-exponential',
      rounds: 1500,
      evaluation: { everyRounds: 100 },
    });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-3);
  });
});
