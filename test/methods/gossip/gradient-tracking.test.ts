import { expect } from 'chai';
import { drop } from '../../../protocol/faults/drop.js';
import { symmetricDrop } from '../../../protocol/faults/symmetric-drop.js';
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
  readonly gradient: Vector | null;
}

const STEP = 0.05;
const always = { from: 0, until: null };

describe('gradient-tracking', () => {
  for (const form of ['cta', 'atc']) {
    for (const topology of ['ring', 'one-peer-exponential', 'random-matching'])
      it(`${form}, ${topology}, batches of 2 of 6: mean y = mean gradient after every round, to 1e-13`, async () => {
        await runPeers<Peer>(
          {
            method: { name: 'gradient-tracking', stepSize: STEP, form, batchSize: 2 },
            objective: { ...RING_OF_EIGHT.objective, examples: 6, exampleSpread: 1 },
            topology,
            rounds: 30,
          },
          {
            watch({ states }) {
              const y = meanVector(states.map((state) => state.y));
              const gradient = meanVector(states.map((state) => state.gradient!));
              expect(largestDifference(y, gradient)).to.be.lessThan(1e-13);
            },
          },
        );
      });

    it(`${form}: follows its recursion in matrix form for 8 rounds, to 1e-13`, async () => {
      await runPeers<Peer>(
        { method: { name: 'gradient-tracking', stepSize: STEP, form }, rounds: 8 },
        {
          watch({ round, before, states, mixing }, problem) {
            const x = before.map((state) => state.x);
            const g = gradientsAt(problem, x);
            const y = round === 1 ? g : before.map((state) => state.y);
            const next = states.map((state) => state.x);
            const change = gradientsAt(problem, next).map((gradient, i) => combination([1, gradient], [-1, g[i]!]));
            const step = (vectors: readonly Float64Array[] | readonly Vector[]) =>
              vectors.map((vector, i) => combination([1, vector], [-STEP, y[i]!]));
            const expectedX = form === 'cta' ? step(mixed(mixing, x)) : mixed(mixing, step(x));
            const expectedY =
              form === 'cta'
                ? mixed(mixing, y).map((vector, i) => combination([1, vector], [1, change[i]!]))
                : mixed(
                    mixing,
                    y.map((vector, i) => combination([1, vector], [1, change[i]!])),
                  );
            expect(largestDifferenceOfAll(next, expectedX)).to.be.lessThan(1e-13);
            expect(
              largestDifferenceOfAll(
                states.map((state) => state.y),
                expectedY,
              ),
            ).to.be.lessThan(1e-13);
          },
        },
      );
    });

    it(`${form}: mean squared error below 1e-24 after 1200 rounds`, async () => {
      const run = await runPeers({ method: { name: 'gradient-tracking', stepSize: STEP, form }, rounds: 1200 });
      expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-24);
    });
  }

  it('5 % of edges down in both directions: still exact; 5 % of messages lost in one direction: permanently biased', async () => {
    const method = { name: 'gradient-tracking', stepSize: STEP };
    const symmetric = await runPeers({
      method,
      rounds: 1500,
      faults: [{ ...symmetricDrop({ probability: 0.05 }), ...always }],
    });
    expect(finalOf(symmetric, 'meanSquaredError')).to.be.lessThan(1e-20);
    const oneWay = await runPeers<Peer>({
      method,
      rounds: 1500,
      faults: [{ ...drop({ probability: 0.05 }), ...always }],
    });
    expect(finalOf(oneWay, 'meanSquaredError')).to.be.greaterThan(1e-4);
    const bias = largestDifference(
      meanVector(oneWay.states.map(({ y }) => y)),
      meanVector(oneWay.states.map(({ gradient }) => gradient!)),
    );
    expect(bias).to.be.greaterThan(1e-3);
  });
});
