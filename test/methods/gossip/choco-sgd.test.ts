import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { loadMethod } from '../../../protocol/method-loader.js';
import { squaredDistance } from '../../../protocol/numerics/vector.js';
import { type Iterate, meanFollowsMeanGradient, meanX, STEP, topTwoOfFive } from '../../support/compressed-claims.js';
import {
  combination,
  finalOf,
  gradientsAt,
  largestDifferenceOfAll,
  mixed,
  startingAt,
} from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

describe('choco-sgd', () => {
  for (const [links, topology] of [
    ['plain', 'ring'],
    ['acknowledged', 'ring'],
    ['acknowledged', 'random-matching'],
  ] as const)
    it(`${links}, ${topology}, top 2 of 5: the mean of x moves by -step times the mean gradient, to 1e-13`, () =>
      meanFollowsMeanGradient({ name: 'choco-sgd', links } as never, { residual: topTwoOfFive }, topology));

  it('without gradient steps it gossips to the average: mean squared distance below 1e-20 after 1500 rounds of top 2 of 5', async () => {
    const method = startingAt(
      await loadMethod('choco-sgd'),
      (client, initial) => initial.map((_, j) => Math.cos(3 * client + j) * (client + 1)) as Vector,
    );
    let start: Float64Array | null = null;
    const { states } = await runPeers<Iterate>(
      {
        method: { name: 'choco-sgd', stepSize: 0, mixing: 0.2 },
        codecs: { residual: topTwoOfFive },
        rounds: 1500,
      },
      {
        method,
        watch({ before }) {
          start ??= meanX(before);
        },
      },
    );
    for (const { x } of states) expect(squaredDistance(x, start!)).to.be.lessThan(1e-20);
  });

  it('stops at a bias on heterogeneous objectives: mean squared error above 1e-3', async () => {
    const method = { name: 'choco-sgd', stepSize: STEP };
    const run = await runPeers({ method, codecs: { residual: topTwoOfFive }, rounds: 800 });
    expect(finalOf(run, 'meanSquaredError')).to.be.greaterThan(1e-3);
  });

  it('uncompressed it is x = (1 - mixing) h + mixing W h with h = x - step g for 12 rounds, to 1e-12', async () => {
    await runPeers<Iterate>(
      { method: { name: 'choco-sgd', stepSize: STEP, mixing: 0.3 }, rounds: 12 },
      {
        watch({ before, states, mixing }, problem) {
          const gradients = gradientsAt(
            problem,
            before.map(({ x }) => x),
          );
          const half = before.map(({ x }, i) => combination([1, x], [-STEP, gradients[i]!]));
          const expected = mixed(mixing, half).map((wh, i) => combination([0.7, half[i]!], [0.3, wh]));
          expect(
            largestDifferenceOfAll(
              states.map(({ x }) => x),
              expected,
            ),
          ).to.be.lessThan(1e-12);
        },
      },
    );
  });
});
