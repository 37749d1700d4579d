import { expect } from 'chai';
import type { Vector } from '../../protocol/method.js';
import { type Iterate, STEP, topTwoOfFive } from '../support/compressed-claims.js';
import { finalOf, largestDifference, meanVector, runPeers } from '../support/peer-run.js';

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
});
