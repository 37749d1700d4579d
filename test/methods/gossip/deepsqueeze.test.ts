import { expect } from 'chai';
import { type Iterate, meanFollowsMeanGradient, STEP, topTwoOfFive } from '../../support/compressed-claims.js';
import { combination, finalOf, gradientsAt, largestDifferenceOfAll, mixed } from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

function twoLargest(vector: Float64Array): Float64Array {
  const [first, second] = [...vector.keys()].sort((i, j) => Math.abs(vector[j]!) - Math.abs(vector[i]!));
  return vector.map((entry, i) => (i === first || i === second ? entry : 0));
}

describe('deepsqueeze', () => {
  for (const topology of ['ring', 'random-matching', 'one-peer-exponential'])
    it(`${topology}, top 2 of 5: the mean of x moves by -step times the mean gradient, to 1e-13`, () =>
      meanFollowsMeanGradient({ name: 'deepsqueeze' }, { iterate: topTwoOfFive }, topology));

  it('stops at a bias on heterogeneous objectives: mean squared error between 1e-3 and 10', async () => {
    const run = await runPeers({
      method: { name: 'deepsqueeze', stepSize: STEP },
      codecs: { iterate: topTwoOfFive },
      rounds: 800,
    });
    expect(finalOf(run, 'meanSquaredError')).to.be.within(1e-3, 10);
  });

  it('top 2 of 5 by hand for 30 rounds, to 1e-12: v = h + e is sent as C(v), e = v - C(v), x = h + mixing (W - I) C(v)', async () => {
    await runPeers<Iterate & { readonly leftOut: Float64Array }>(
      {
        method: { name: 'deepsqueeze', stepSize: STEP, mixing: 0.2 },
        codecs: { iterate: topTwoOfFive },
        rounds: 30,
      },
      {
        watch({ before, states, mixing, round }, problem) {
          const gradients = gradientsAt(
            problem,
            before.map(({ x }) => x),
          );
          const half = before.map(({ x }, i) => combination([1, x], [-STEP, gradients[i]!]));
          const whole = before.map(({ leftOut }, i) => combination([1, half[i]!], [1, leftOut]));
          const sent = whole.map(twoLargest);
          const expected = mixed(mixing, sent).map((wc, i) => combination([1, half[i]!], [0.2, wc], [-0.2, sent[i]!]));
          const left = whole.map((v, i) => combination([1, v], [-1, sent[i]!]));
          const [x, leftOut] = [states.map((state) => state.x), states.map((state) => state.leftOut)];
          expect(largestDifferenceOfAll(x, expected)).to.be.lessThan(1e-12);
          expect(largestDifferenceOfAll(leftOut, left)).to.be.lessThan(1e-12);
          if (round > 1) expect(Math.max(...leftOut.flatMap((e) => [...e.map(Math.abs)]))).to.be.above(0.01);
        },
      },
    );
  });

  it('uncompressed it is x = (1 - mixing) h + mixing W h with h = x - step g for 12 rounds, to 1e-12', async () => {
    await runPeers<Iterate>(
      { method: { name: 'deepsqueeze', stepSize: STEP, mixing: 0.3 }, rounds: 12 },
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
