import { expect } from 'chai';
import { momentsOfDraws } from '../../../../protocol/bayesian/distances.js';
import { combineDraws, parametricProduct } from '../../../../protocol/methods/bayesian/parts/product-of-draws.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { drawObservations } from '../../../../worker/objectives/log-posterior/gaussian-experiments.js';

const rng = rootStream(8, 'float64');
/** 50 draws whose sample mean and covariance (divisor n) are the given ones. */
function draws(mean: readonly [number, number], covariance: readonly number[], seed: number): Float64Array[] {
  const rows = drawObservations(
    {
      exampleCount: 50,
      mean: Float64Array.from(mean),
      dataPrecision: Float64Array.of(1, 0, 0, 1),
      dataCovariance: Float64Array.from(covariance),
    },
    rng.derive(seed),
  );
  return Array.from({ length: 50 }, (_, j) => rows.slice(2 * j, 2 * j + 2));
}
// Covariances diag(1, 4) and diag(4, 1): precisions add to diag(5/4, 5/4), means (3, 0) and (-2, 5) to (2, 4).
const sets = [draws([3, 0], [1, 0, 0, 4], 1), draws([-2, 5], [4, 0, 0, 1], 2)];

describe('protocol/bayesian/product-of-draws', () => {
  it('the parametric product of N((3, 0), diag(1, 4)) and N((-2, 5), diag(4, 1)) has mean (2, 4), variances 0.8', () => {
    const { mean, covariance } = parametricProduct(sets);
    expect(mean[0]).to.be.closeTo(2, 1e-9);
    expect(mean[1]).to.be.closeTo(4, 1e-9);
    // Sample covariances have divisor n - 1.
    expect((covariance[0]! * 49) / 50).to.be.closeTo(0.8, 1e-9);
    expect(covariance[1]).to.be.closeTo(0, 1e-9);
  });

  it('consensus draws have that mean exactly, the plain average has (0.5, 2.5)', () => {
    const weighted = momentsOfDraws(combineDraws(sets, 'weighted', rng));
    expect(weighted.mean[0]).to.be.closeTo(2, 1e-9);
    expect(weighted.mean[1]).to.be.closeTo(4, 1e-9);
    const average = momentsOfDraws(combineDraws(sets, 'average', rng));
    expect(average.mean[0]).to.be.closeTo(0.5, 1e-9);
    expect(average.mean[1]).to.be.closeTo(2.5, 1e-9);
  });

  it('consensus draw j is (W_1 + W_2)^-1 (W_1 a_j + W_2 b_j): (4 a + b) / 5 and (a + 4 b) / 5 by coordinate', () => {
    const combined = combineDraws(sets, 'weighted', rng);
    const [a, b] = [sets[0]![7]!, sets[1]![7]!];
    expect(combined[7]![0]).to.be.closeTo((4 * a[0]! + b[0]!) / 5, 1e-9);
    expect(combined[7]![1]).to.be.closeTo((a[1]! + 4 * b[1]!) / 5, 1e-9);
  });
});
