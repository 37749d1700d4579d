import type { Gaussian } from '../../protocol/bayesian/conjugate.js';
import { type GaussianModel, modelPosterior, shardFactor } from '../../protocol/bayesian/gaussian-model.js';
import {
  congruence,
  identity,
  linearSolve,
  type Matrix,
  matrixProduct,
  matrixVector,
} from '../../protocol/numerics/linear-algebra.js';
import { kronecker } from './kronecker.js';

/**
 * Exact law of FALD right after its clients average, on Gaussian models [D].
 *
 * With b clients, P_i = H_i + L0 / b, A_i = I - (b h / 2) P_i, theta the last average and r the reference point, both about
 * the posterior mean, client i steps x <- A_i x + B_i r + c_i + N(0, b h (1 - tau) I) + noise common to all of variance h tau:
 * with variance reduction B_i = (b h / 2) P_i - (h / 2) sum_j P_j and c_i = 0, hence a mean of exactly 0 whatever is drawn;
 * without it B_i = 0 and c_i = (b h / 2) (H_i xbar_i - P_i mean). Mini-batches of equal precisions cancel from a difference of
 * two gradients on one batch, so that the law with variance reduction is that of whole shards. A number L of steps, geometric
 * with mean K, makes (theta, r) -> (average, r) affine; before it, r <- theta with probability q. Moments are averaged over both.
 */
export interface FaldSettings {
  readonly stepSize: number;
  readonly meanLocalSteps: number;
  readonly commonNoise: number;
  readonly varianceReduction: boolean;
  readonly refreshProbability: number;
}

export function faldLaw(model: GaussianModel, settings: FaldSettings): Gaussian {
  const { stepSize: h, meanLocalSteps, commonNoise: tau, varianceReduction, refreshProbability: q } = settings;
  const { mean: centre } = modelPosterior(model);
  const d = centre.length;
  const b = model.shards.length;
  const factors = model.shards.map(shardFactor);
  const curvatures = factors.map(({ precision }) => sum(precision, model.prior.precision, 1 / b));
  const whole = curvatures.reduce((total, curvature) => sum(total, curvature));
  const maps = curvatures.map((curvature) => sum(identity(d), curvature, (-b * h) / 2));
  const nothing = new Float64Array(d * d);
  const pulls = curvatures.map((curvature) =>
    varianceReduction ? sum(sum(nothing, curvature, (b * h) / 2), whole, -h / 2) : nothing,
  );
  const shifts = factors.map(({ eta }, i) =>
    varianceReduction
      ? new Float64Array(d)
      : sum(scaled(eta, (b * h) / 2), matrixVector(curvatures[i]!, centre), (-b * h) / 2),
  );

  const meanMap = identity(2 * d);
  const meanShift = new Float64Array(2 * d);
  const secondMap = identity(4 * d * d);
  const cases: {
    readonly weight: number;
    readonly map: Matrix;
    readonly shift: Float64Array;
    readonly noise: Matrix;
  }[] = [];
  const powers = maps.map(() => identity(d));
  const sums: Matrix[] = maps.map(() => new Float64Array(d * d));
  let noise: Matrix = nothing;
  let likely = 1;
  const average = (parts: readonly Float64Array[]) =>
    scaled(
      parts.reduce((total, part) => sum(total, part)),
      1 / b,
    );
  while (likely > 1e-18) {
    for (const power of powers) noise = sum(noise, congruence(power, identity(d)), (h * (1 - tau)) / b);
    noise = sum(noise, congruence(average(powers), identity(d)), h * tau);
    powers.forEach((power, i) => {
      sums[i] = sum(sums[i]!, power);
      powers[i] = matrixProduct(maps[i]!, power, d);
    });
    const own = average(powers);
    const pull = average(sums.map((total, i) => matrixProduct(total, pulls[i]!, d)));
    const shift = new Float64Array(2 * d);
    shift.set(average(sums.map((total, i) => matrixVector(total, shifts[i]!))));
    const weight = likely / meanLocalSteps;
    const fresh = blocks(sum(own, pull), nothing, identity(d), nothing);
    const stale = blocks(own, pull, nothing, identity(d));
    const noises = blocks(noise, nothing, nothing, nothing);
    cases.push({ weight: weight * q, map: fresh, shift, noise: noises });
    cases.push({ weight: weight * (1 - q), map: stale, shift, noise: noises });
    likely -= weight;
    if (meanLocalSteps === 1) break;
  }
  for (const { weight, map, shift } of cases) {
    add(meanMap, map, -weight);
    add(meanShift, shift, weight);
    add(secondMap, kronecker(map, map), -weight);
  }
  const first = linearSolve(meanMap, meanShift);
  const constant = new Float64Array(4 * d * d);
  for (const { weight, map, shift, noise: injected } of cases) {
    const moved = matrixVector(map, first);
    for (const part of [outer(moved, shift), outer(shift, moved), outer(shift, shift), injected])
      add(constant, part, weight);
  }
  const second = linearSolve(secondMap, constant);
  const covariance = Float64Array.from({ length: d * d }, (_, k) => {
    const [i, j] = [Math.floor(k / d), k % d];
    return second[i * 2 * d + j]! - first[i]! * first[j]!;
  });
  return { mean: centre.map((value, i) => value + first[i]!), covariance };
}

function add(into: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < into.length; i++) into[i] = into[i]! + factor * values[i]!;
}

function sum(a: Float64Array, b: Float64Array, factor = 1): Float64Array {
  return a.map((value, i) => value + factor * b[i]!);
}

function scaled(a: Float64Array, factor: number): Float64Array {
  return a.map((value) => factor * value);
}

function outer(a: Float64Array, b: Float64Array): Matrix {
  return matrixProduct(a, b, 1);
}

/** Four d x d matrices as one of order 2 d: the upper two, then the lower two. */
function blocks(...parts: readonly [Matrix, Matrix, Matrix, Matrix]): Matrix {
  const d = Math.sqrt(parts[0].length);
  return Float64Array.from({ length: 4 * d * d }, (_, k) => {
    const [i, j] = [Math.floor(k / (2 * d)), k % (2 * d)];
    const part = parts[(i < d ? 0 : 2) + (j < d ? 0 : 1)]!;
    return part[(i % d) * d + (j % d)]!;
  });
}
