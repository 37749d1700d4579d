import { conjugatePosterior, type Gaussian, type GaussianFactor } from '../../../bayesian/conjugate.js';
import { momentsOfDraws } from '../../../bayesian/distances.js';
import type { ReadonlyVector, Rng } from '../../../method.js';
import {
  cholesky,
  choleskySolve,
  type Matrix,
  matrixVector,
  symmetricInverse,
} from '../../../numerics/linear-algebra.js';

/** Ways to make draws of a product of laws from draws of each. */
export const COMBINATIONS = ['weighted', 'product', 'average'] as const;
export type Combination = (typeof COMBINATIONS)[number];

/** Gaussian factor with the moments of draws. */
function factorOfDraws(draws: readonly ReadonlyVector[]): GaussianFactor {
  const { mean, covariance } = momentsOfDraws(draws);
  return { eta: choleskySolve(cholesky(covariance), mean), precision: symmetricInverse(covariance) };
}

/** Has the covariance of these draws of one subposterior an inverse? All rules but 'average' need it. */
export function isCombinable(draws: readonly ReadonlyVector[]): boolean {
  try {
    symmetricInverse(momentsOfDraws(draws).covariance);
    return true;
  } catch {
    return false;
  }
}

/** Sigma = (sum_s Sigma_s^-1)^-1 and mu = Sigma sum_s Sigma_s^-1 mu_s of the sets' moments. */
export function parametricProduct(sets: readonly (readonly ReadonlyVector[])[]): Gaussian {
  const [first, ...others] = sets.map(factorOfDraws);
  return conjugatePosterior(first!, others);
}

/**
 * sets[s][j]: the j-th draw of subposterior s. 'weighted' is Consensus Monte Carlo (Scott et al. 2016): the j-th draw is
 * (sum W_s)^-1 sum_s W_s theta_sj with W_s the inverse sample covariance. 'product' draws from the parametric product
 * (Neiswanger, Wang, Xing 2014). 'average' is the plain mean, right for equal covariances only. All are exact for Gaussian
 * subposteriors, but 'average'.
 */
export function combineDraws(
  sets: readonly (readonly ReadonlyVector[])[],
  combination: Combination,
  rng: Rng,
): Float64Array[] {
  const count = sets.reduce((least, draws) => Math.min(least, draws.length), Number.POSITIVE_INFINITY);
  if (combination === 'product') return gaussianDraws(parametricProduct(sets), count, rng);
  const d = sets[0]![0]!.length;
  if (combination === 'average')
    return Array.from({ length: count }, (_, j) =>
      Float64Array.from({ length: d }, (_, i) => sets.reduce((sum, draws) => sum + draws[j]![i]!, 0) / sets.length),
    );
  const weights: Matrix[] = sets.map((draws) => symmetricInverse(momentsOfDraws(draws).covariance));
  const total = new Float64Array(d * d);
  for (const weight of weights) for (let i = 0; i < total.length; i++) total[i] = total[i]! + weight[i]!;
  const lower = cholesky(total);
  return Array.from({ length: count }, (_, j) => {
    const sum = new Float64Array(d);
    weights.forEach((weight, s) => {
      const part = matrixVector(weight, sets[s]![j]!);
      for (let i = 0; i < d; i++) sum[i] = sum[i]! + part[i]!;
    });
    return choleskySolve(lower, sum);
  });
}

function gaussianDraws({ mean, covariance }: Gaussian, count: number, rng: Rng): Float64Array[] {
  const lower = cholesky(covariance);
  const d = mean.length;
  return Array.from({ length: count }, () => {
    const normals = rng.normal(d);
    return Float64Array.from({ length: d }, (_, i) => {
      let sum = mean[i]!;
      for (let j = 0; j <= i; j++) sum += lower[i * d + j]! * normals[j]!;
      return sum;
    });
  });
}
