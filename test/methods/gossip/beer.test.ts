import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { type Iterate, STEP, topTwoOfFive } from '../../support/compressed-claims.js';
import {
  combination,
  finalOf,
  gradientsAt,
  largestDifference,
  largestDifferenceOfAll,
  meanVector,
  mixed,
} from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

describe('beer', () => {
  interface Peer extends Iterate {
    readonly v: Vector;
    readonly gradient: Vector;
  }
  const codecs = { iterate: topTwoOfFive, tracker: topTwoOfFive };

  for (const [links, topology] of [
    ['plain', 'ring'],
    ['acknowledged', 'ring'],
    ['acknowledged', 'random-matching'],
  ] as const)
    it(`${links}, ${topology}, top 2 of 5: mean v = mean gradient after every round, to 1e-13`, async () => {
      await runPeers<Peer>(
        { method: { name: 'beer', stepSize: STEP, links }, codecs, topology, rounds: 60 },
        {
          watch({ states }) {
            const v = meanVector(states.map((state) => state.v));
            expect(largestDifference(v, meanVector(states.map((state) => state.gradient)))).to.be.lessThan(1e-13);
          },
        },
      );
    });

  it('with top 2 of 5 it is exact: mean squared error below 1e-12 after 1500 rounds', async () => {
    const run = await runPeers({ method: { name: 'beer', stepSize: STEP }, codecs, rounds: 1500 });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-12);
  });

  it('uncompressed it follows its recursion in matrix form for 12 rounds, to 1e-12', async () => {
    const gamma = 0.3;
    await runPeers<Peer>(
      { method: { name: 'beer', stepSize: STEP, mixing: gamma }, rounds: 12 },
      {
        watch({ round, before, states, mixing }, problem) {
          // The replicas are those of the round before; in the first round there are none, so nothing is mixed.
          const replicated = round === 1 ? 0 : gamma;
          const x = before.map((peer) => peer.x);
          const g = gradientsAt(problem, x);
          const v = round === 1 ? g : before.map((peer) => peer.v);
          const [wx, wv] = [mixed(mixing, x), mixed(mixing, v)];
          const nextX = x.map((_, i) => combination([1 - replicated, x[i]!], [replicated, wx[i]!], [-STEP, v[i]!]));
          const nextG = gradientsAt(
            problem,
            states.map((peer) => peer.x),
          );
          const nextV = v.map((_, i) =>
            combination([1 - replicated, v[i]!], [replicated, wv[i]!], [1, nextG[i]!], [-1, g[i]!]),
          );
          expect(
            largestDifferenceOfAll(
              states.map((peer) => peer.x),
              nextX,
            ),
          ).to.be.lessThan(1e-12);
          expect(
            largestDifferenceOfAll(
              states.map((peer) => peer.v),
              nextV,
            ),
          ).to.be.lessThan(1e-12);
        },
      },
    );
  });
});
