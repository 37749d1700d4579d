import {
  cholesky,
  choleskySolve,
  type Matrix,
  matrixVector,
  type ReadonlyMatrix,
  symmetricInverse,
} from '../numerics/linear-algebra.js';

/** A Gaussian factor in natural parameters: log q(theta) = eta^T theta - theta^T precision theta / 2 + constant. */
export interface GaussianFactor {
  /** precision times mean, length d. */
  readonly eta: Float64Array;
  /** d x d, positive semidefinite: a likelihood factor may be flat in some directions. */
  readonly precision: Matrix;
}

export interface Gaussian {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/** The factor of N observations with known precision each: N precision, N precision mean. */
export function gaussianMeanFactor(
  exampleCount: number,
  mean: ReadonlyMatrix & ArrayLike<number>,
  dataPrecision: ReadonlyMatrix,
): GaussianFactor {
  const precision = Float64Array.from(dataPrecision as ArrayLike<number>, (entry) => exampleCount * entry);
  return { eta: matrixVector(precision, mean), precision };
}

/**
 * The likelihood factor of a linear regression y = X theta + N(0, noiseVariance): X^T X / s2 and X^T y / s2. Exact for
 * any split of the rows. X: rows x d, row by row.
 */
export function linearRegressionFactor(
  features: ReadonlyMatrix,
  targets: ArrayLike<number>,
  noiseVariance: number,
): GaussianFactor {
  const rows = targets.length;
  const d = features.length / rows;
  if (!Number.isInteger(d)) throw new RangeError(`${features.length} features cannot be ${rows} rows of equal length`);
  const eta = new Float64Array(d);
  const precision = new Float64Array(d * d);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < d; j++) {
      const x = features[i * d + j]! / noiseVariance;
      eta[j] = eta[j]! + x * targets[i]!;
      for (let k = 0; k < d; k++) precision[j * d + k] = precision[j * d + k]! + x * features[i * d + k]!;
    }
  return { eta, precision };
}

/** A Gaussian prior as a factor. `precision`: one number for a multiple of the identity. Mean 0 unless given. */
export function gaussianPriorFactor(d: number, precision: number, mean?: ArrayLike<number>): GaussianFactor {
  const matrix = new Float64Array(d * d);
  for (let i = 0; i < d; i++) matrix[i * d + i] = precision;
  return { eta: Float64Array.from({ length: d }, (_, i) => precision * (mean?.[i] ?? 0)), precision: matrix };
}

/** Product of factors, summed in list order. The list must not be empty. */
export function productOfFactors(factors: readonly GaussianFactor[]): GaussianFactor {
  const first = factors[0];
  if (!first) throw new RangeError('a product of factors needs at least one factor');
  const eta = new Float64Array(first.eta.length);
  const precision = new Float64Array(first.precision.length);
  for (const factor of factors) {
    for (let i = 0; i < eta.length; i++) eta[i] = eta[i]! + factor.eta[i]!;
    for (let i = 0; i < precision.length; i++) precision[i] = precision[i]! + factor.precision[i]!;
  }
  return { eta, precision };
}

/** Mean and covariance of a factor. Throws a RangeError when it is improper. */
export function gaussianOfFactor({ eta, precision }: GaussianFactor): Gaussian {
  return { mean: choleskySolve(cholesky(precision), eta), covariance: symmetricInverse(precision) };
}

/** Exact posterior of conjugate models: prior times all likelihood factors. */
export function conjugatePosterior(prior: GaussianFactor, factors: readonly GaussianFactor[]): Gaussian {
  return gaussianOfFactor(productOfFactors([prior, ...factors]));
}

/**
 * Diagonal surrogate of a factor: its mean and its marginal variances. The factor is made proper by `ridge` (a share of
 * the prior's precision, mean 0), which is subtracted again, so that a diagonal factor is returned unchanged. Returns
 * length d each.
 */
export function marginalFactor(factor: GaussianFactor, ridge: number): { eta: Float64Array; precision: Float64Array } {
  const d = factor.eta.length;
  const proper = Float64Array.from(factor.precision);
  for (let i = 0; i < d; i++) proper[i * d + i] = proper[i * d + i]! + ridge;
  const { mean, covariance } = gaussianOfFactor({ eta: factor.eta, precision: proper });
  const marginal = mean.map((_, i) => 1 / covariance[i * d + i]!);
  return {
    eta: marginal.map((precision, i) => precision * mean[i]!),
    precision: marginal.map((precision) => Math.max(precision - ridge, 0)),
  };
}
