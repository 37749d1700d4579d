import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { combination, gradientsAt, largestDifference, meanVector } from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

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
});
