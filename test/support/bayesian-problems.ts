import type { GaussianFactor } from '../../protocol/bayesian/conjugate.js';
import { modelPosterior } from '../../protocol/bayesian/gaussian-model.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { Dataset, Examples } from '../../worker/datasets/dataset.js';
import { UNEQUAL_CURVATURE } from '../../worker/objectives/log-posterior/gaussian-experiments.js';

/** The conducive gradient g_s at `theta`, in the spec's form (eta - eta_s/f_s) - (Lambda - Lambda_s/f_s) theta. */
export function conduciveGradient(
  surrogates: readonly GaussianFactor[],
  frequencies: readonly number[],
  shard: number,
  theta: ArrayLike<number>,
): Float64Array {
  const d = theta.length;
  const f = frequencies[shard]!;
  const own = surrogates[shard]!;
  return Float64Array.from({ length: d }, (_, i) => {
    let sum = -own.eta[i]! / f;
    for (const { eta } of surrogates) sum += eta[i]!;
    for (let j = 0; j < d; j++) {
      let entry = -own.precision[i * d + j]! / f;
      for (const { precision } of surrogates) entry += precision[i * d + j]!;
      sum -= entry * theta[j]!;
    }
    return sum;
  });
}

/** Gradient of the log-posterior of the four-shard problem. */
export function unequalCurvatureGradient(theta: readonly [number, number]): readonly [number, number] {
  const { mean, covariance } = modelPosterior(UNEQUAL_CURVATURE);
  const [a, b, , c] = covariance as unknown as [number, number, number, number];
  const det = a * c - b * b;
  const x = mean[0]! - theta[0];
  const y = mean[1]! - theta[1];
  return [(c * x - b * y) / det, (a * y - b * x) / det];
}

function examples(
  count: number,
  width: number,
  seed: number,
  classCount: number,
  label: (row: Float64Array, noise: number) => number,
): Examples {
  const rng = rootStream(seed, 'float64').derive('examples');
  const features = new Float32Array(count * width);
  const values = Float64Array.from({ length: count }, (_, i) => {
    const row = Float64Array.from(rng.normal(width));
    features.set(row, i * width);
    return label(row, rng.uniform());
  });
  return classCount > 0
    ? { count, features, labels: Int32Array.from(values), targets: new Float64Array(0) }
    : { count, features, labels: new Int32Array(0), targets: values };
}

/** A small synthetic data set; the label rule sees the row and one uniform number. */
export function tinyDataset(
  width: number,
  classCount: number,
  label: (row: Float64Array, noise: number) => number,
  trainCount = 24,
): Dataset {
  return {
    name: 'tiny',
    source: 'synthetic',
    featureShape: [width],
    classCount,
    train: examples(trainCount, width, 21, classCount, label),
    test: examples(16, width, 22, classCount, label),
  };
}

export function range(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}
