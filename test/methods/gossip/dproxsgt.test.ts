import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import {
  combination,
  finalOf,
  gradientsAt,
  largestDifference,
  largestDifferenceOfAll,
  meanVector,
  mixed,
} from '../../support/peer-vectors.js';
import { RING_OF_EIGHT, runPeers } from '../../support/tiny-run.js';

interface Peer {
  readonly x: Vector;
  readonly y: Vector;
  readonly gradient: Vector;
}

describe('dproxsgt', () => {
  for (const topology of ['ring', 'one-peer-exponential', 'random-matching'])
    it(`${topology}, batches of 2 of 6: mean y = mean gradient after every round, to 1e-13`, async () => {
      await runPeers<Peer>(
        {
          method: { name: 'dproxsgt', stepSize: 0.05, l1: 0.2, batchSize: 2 },
          objective: { ...RING_OF_EIGHT.objective, examples: 6, exampleSpread: 1 },
          topology,
          rounds: 30,
        },
        {
          watch({ states }) {
            const y = meanVector(states.map((state) => state.y));
            expect(largestDifference(y, meanVector(states.map((state) => state.gradient)))).to.be.lessThan(1e-13);
          },
        },
      );
    });

  it('is exact: mean squared error below 1e-24 after 1200 rounds', async () => {
    const run = await runPeers({ method: { name: 'dproxsgt', stepSize: 0.05 }, rounds: 1200 });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-24);
  });

  it('with l1 = 0.4 all peers end where the mean gradient is a subgradient of -l1 |x|, to 1e-9', async () => {
    const { states, problem } = await runPeers<Peer>({
      method: { name: 'dproxsgt', stepSize: 0.05, l1: 0.4 },
      rounds: 1500,
    });
    const x = meanVector(states.map((state) => state.x));
    for (const state of states) expect(largestDifference(state.x, x)).to.be.lessThan(1e-9);
    const gradient = meanVector(
      gradientsAt(
        problem,
        states.map(() => x),
      ),
    );
    let zeros = 0;
    for (const [j, value] of x.entries()) {
      if (Math.abs(value) < 1e-9) zeros++;
      if (Math.abs(value) < 1e-9) expect(Math.abs(gradient[j]!)).to.be.at.most(0.4 + 1e-9);
      else expect(gradient[j]).to.be.closeTo(-0.4 * Math.sign(value), 1e-9);
    }
    expect(zeros, 'coordinates that l1 sets to zero').to.be.within(1, 4);
  });

  it('follows its recursion in matrix form with l1 = 0.4 for 12 rounds, to 1e-12', async () => {
    const step = 0.05;
    await runPeers<Peer>(
      { method: { name: 'dproxsgt', stepSize: step, l1: 0.4 }, rounds: 12 },
      {
        watch({ before, states, mixing }, problem) {
          const gradients = gradientsAt(
            problem,
            before.map(({ x }) => x),
          );
          const y = mixed(
            mixing,
            before.map((peer, i) => combination([1, peer.y], [1, gradients[i]!], [-1, peer.gradient])),
          );
          const shrunk = before.map(({ x }, i) =>
            combination([1, x], [-step, y[i]!]).map((z) => Math.sign(z) * Math.max(Math.abs(z) - step * 0.4, 0)),
          );
          expect(
            largestDifferenceOfAll(
              states.map((peer) => peer.y),
              y,
            ),
          ).to.be.lessThan(1e-12);
          expect(
            largestDifferenceOfAll(
              states.map((peer) => peer.x),
              mixed(mixing, shrunk),
            ),
          ).to.be.lessThan(1e-12);
        },
      },
    );
  });
});
