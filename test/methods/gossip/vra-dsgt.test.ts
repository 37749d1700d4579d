import { expect } from 'chai';
import { channelNoise } from '../../../protocol/faults/channel-noise.js';
import type { Vector } from '../../../protocol/method.js';
import { gradientsAt, largestDifferenceOfAll } from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

interface Peer {
  readonly x: Vector;
  readonly estimate: Vector;
  readonly estimatedAt: Vector;
}

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
});
