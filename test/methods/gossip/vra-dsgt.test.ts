import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { channelNoise } from '../../../protocol/scenario/faults.js';
import { finalOf, gradientsAt, largestDifferenceOfAll, RING_OF_EIGHT, runPeers } from '../../support/peer-run.js';

interface Peer {
  readonly x: Vector;
  readonly estimate: Vector;
  readonly estimatedAt: Vector;
}

const noisyGradients = { ...RING_OF_EIGHT.objective, examples: 64, exampleSpread: 2 };

describe('vra-dsgt', () => {
  it('with all examples the hybrid estimate is the gradient at every round, to 1e-11, whatever its weight', async () => {
    for (const estimateWeight of [0.03, 0.7])
      await runPeers<Peer>(
        { method: { name: 'vra-dsgt', estimateWeight }, rounds: 50 },
        {
          watch({ before, states }, problem) {
            const gradients = gradientsAt(
              problem,
              before.map(({ x }) => x),
            );
            const estimates = states.map(({ estimate }) => estimate);
            expect(largestDifferenceOfAll(estimates, gradients)).to.be.lessThan(1e-11);
          },
        },
      );
  });

  it('is vra-dgt in every bit on full gradients with estimate weight 1', async () => {
    const rounds = 60;
    const faults = [channelNoise({ stddev: 3 })];
    const hybrid = await runPeers<Peer>({ method: { name: 'vra-dsgt', estimateWeight: 1 }, rounds, faults });
    const plain = await runPeers<Peer>({ method: 'vra-dgt', rounds, faults });
    expect(hybrid.states.map(({ x }) => [...x])).to.deep.equal(plain.states.map(({ x }) => [...x]));
  });

  it('batches of 2 of 64 (seed 3, 2000 rounds): the error of the estimate is below a tenth of that of a plain stochastic gradient', async () => {
    const errorOf = async (estimateWeight: number | null) => {
      let sum = 0;
      let count = 0;
      await runPeers<Peer>(
        {
          method: { name: 'vra-dsgt', estimateWeight, batchSize: 2 },
          objective: noisyGradients,
          rounds: 2000,
          evaluation: { everyRounds: 500 },
        },
        {
          watch({ round, before, states }, problem) {
            if (round < 1800) return;
            const gradients = gradientsAt(
              problem,
              before.map(({ x }) => x),
            );
            for (const [i, { estimate }] of states.entries())
              for (const [j, value] of estimate.entries()) {
                sum += (value - gradients[i]![j]!) ** 2;
                count++;
              }
          },
        },
      );
      return sum / count;
    };
    expect(await errorOf(null)).to.be.lessThan(0.1 * (await errorOf(1)));
  });

  it('batches of 2 of 64 and sigma 0.1 on every link (seed 3): mean squared error below 0.01 after 3000 rounds', async () => {
    const run = await runPeers({
      method: { name: 'vra-dsgt', batchSize: 2 },
      objective: noisyGradients,
      rounds: 3000,
      evaluation: { everyRounds: 500 },
      faults: [channelNoise({ stddev: 0.1 })],
    });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(0.01);
  });
});
