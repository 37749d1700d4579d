import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { studentT, symmetricStable } from '../../../protocol/numerics/distributions.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { squaredNorm } from '../../../protocol/numerics/vector.js';
import { loadOptimizer } from '../../../protocol/optimizers/load-optimizer.js';
import { trajectory } from '../../support/optimizer-run.js';

const RUNS = 100;
const STEPS = 300;
const RATE = 0.05;
const RULES = {
  sgd: { name: 'sgd', learningRate: RATE },
  'clipped-sgd': { name: 'clipped-sgd', learningRate: RATE, threshold: 2 },
  'clipped-sstm': { name: 'clipped-sstm', learningRate: RATE / 40, threshold: 0.1 },
};
const NOISE = { 'student-t': studentT, 'alpha-stable': symmetricStable };

/** f = |x|^2 / 2 in ten dimensions from 3 each, where it is 45, after 300 noisy gradients: the losses of 100 runs, ascending. */
function lossesOf(rule: keyof typeof RULES, noise: keyof typeof NOISE): number[] {
  const optimizer = loadOptimizer(RULES[rule], []);
  const losses = Array.from({ length: RUNS }, (_, run) => {
    const stream = rootStream(run, 'float64').derive(noise);
    const path = trajectory(optimizer, new Float64Array(10).fill(3), STEPS, (w) =>
      Float64Array.from(w, (x) => x + NOISE[noise](stream, 1.5)),
    );
    return squaredNorm(path.at(-1)!) / 2;
  });
  return losses.sort((a, b) => a - b);
}
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('protocol/optimizers: gradients with noise of infinite variance', () => {
  for (const noise of ['student-t', 'alpha-stable'] as const)
    it(`${noise}(1.5): clipped SGD and clipped SSTM are near the optimum in expectation and in 19 runs of 20, SGD not in nine of ten`, () => {
      // It has no expectation: the mean over runs is that of the largest draw.
      expect(lossesOf('sgd', noise)[Math.floor(0.9 * RUNS)]).to.be.above(1);
      for (const rule of ['clipped-sgd', 'clipped-sstm'] as const) {
        const losses = lossesOf(rule, noise);
        const mean = meanOf(losses);
        const standardError = Math.sqrt(meanOf(losses.map((loss) => (loss - mean) ** 2)) / RUNS);
        expect(mean + 5 * standardError, rule).to.be.below(1);
        expect(losses[Math.ceil(0.95 * RUNS) - 1], rule).to.be.below(1);
      }
    });
});
