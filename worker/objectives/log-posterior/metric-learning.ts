import { GradswarmError } from '../../../protocol/errors.js';
import type { Precision, Rng, Segment } from '../../../protocol/method.js';
import { sigmoid } from '../../../protocol/numerics/elementary.js';
import { matrixProduct, symmetricEigen, transpose } from '../../../protocol/numerics/linear-algebra.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import { count, positive } from '../../../protocol/settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';
import type { Dataset, Examples } from '../../datasets/dataset.js';
import type { ObjectiveFamily } from '../family.js';
import { defineObjective, requireDataset } from '../request.js';
import { type FeatureRows, featureCountOf, requireClasses, rowProduct } from './feature-rows.js';
import { isotropicPrior, type LogPosteriorContext } from './likelihood-shard.js';
import { LogisticShard } from './logistic-shard.js';
import { averagedProbabilities, classificationEvaluation } from './predictive.js';

/**
 * Bayesian metric learning (the model of El Mekkaoui et al., UAI 2021): the distance |x - x'|_A^2 with A = sum_k
 * gamma_k v_k v_k^T over the first eigenvectors v_k of the features, and P(similar) = 1 / (1 + e^(|x - x'|_A^2 - mu)).
 * Linear in (gamma, mu), so it is a logistic regression on (-(v_k^T (x - x'))^2, 1). Prior N(0, priorVariance I);
 * positivity of gamma is dropped, as there.
 *
 * Differs: pairs are drawn among the client's own training examples, half of one class and half of two where it has
 * both kinds.
 */

export const settings = defineSettings({
  priorVariance: positive(1, 'Prior N(0, priorVariance I)'),
  componentCount: count(10, 'K, eigenvectors kept'),
  pairsPerClient: count(1000, 'Pairs of a client'),
  testPairs: count(1000, 'Pairs held out'),
});
export type MetricLearningSettings = SettingsOf<typeof settings>;

/**
 * First `count` eigenvectors of the features' covariance, row by row, by orthogonal iteration: 30 passes over the data.
 */
function leadingDirections({ features, count: n }: Examples, width: number, count: number, rng: Rng): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) mean[j] = mean[j]! + features[i * width + j]! / n;
  let directions = orthonormalRows(Float64Array.from(rng.normal(count * width)), width);
  const scores = new Float64Array(count);
  for (let pass = 0; pass < 30; pass++) {
    const next = new Float64Array(count * width);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < count; k++) {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += directions[k * width + j]! * (features[i * width + j]! - mean[j]!);
        scores[k] = sum;
      }
      for (let k = 0; k < count; k++)
        for (let j = 0; j < width; j++)
          next[k * width + j] = next[k * width + j]! + scores[k]! * (features[i * width + j]! - mean[j]!);
    }
    directions = orthonormalRows(next, width);
  }
  return directions;
}

/** Orthonormal principal axes of the space that the rows span, largest first. */
function orthonormalRows(rows: Float64Array, width: number): Float64Array {
  const count = rows.length / width;
  const { values, vectors } = symmetricEigen(matrixProduct(rows, transpose(rows, width), width));
  if (!(values[0]! > 1e-24 * values[count - 1]!))
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `metric-learning: the features span fewer than ${count} directions; lower componentCount`,
    );
  const result = new Float64Array(rows.length);
  const turned = matrixProduct(transpose(vectors, count), rows, count);
  for (let k = 0; k < count; k++)
    for (let j = 0; j < width; j++)
      result[k * width + j] = turned[(count - 1 - k) * width + j]! / Math.sqrt(values[count - 1 - k]!);
  return result;
}

interface Pairs {
  readonly rows: FeatureRows;
  /** 1: the two examples have one class. */
  readonly outcomes: Int32Array;
}

/** Pairs of distinct examples among `indices`, alternating same and other class where both can be found. */
function drawPairs(
  examples: Examples,
  indices: ArrayLike<number>,
  width: number,
  directions: Float64Array,
  pairCount: number,
  rng: Rng,
): Pairs {
  const components = directions.length / width;
  const count = indices.length < 2 ? 0 : pairCount;
  const values = new Float64Array(count * (components + 1));
  const outcomes = new Int32Array(count);
  for (let pair = 0; pair < count; pair++) {
    const position = rng.below(indices.length);
    const first = indices[position]!;
    let second = first;
    // Bounded, since a shard of one class has no dissimilar pair.
    for (let trial = 0; trial < 200; trial++) {
      second = indices[rng.below(indices.length)]!;
      const similar = examples.labels[first] === examples.labels[second];
      if (second !== first && similar === (pair % 2 === 0)) break;
    }
    if (second === first) second = indices[(position + 1) % indices.length]!;
    outcomes[pair] = examples.labels[first] === examples.labels[second] ? 1 : 0;
    for (let k = 0; k < components; k++) {
      let score = 0;
      for (let j = 0; j < width; j++)
        score +=
          directions[k * width + j]! * (examples.features[first * width + j]! - examples.features[second * width + j]!);
      values[pair * (components + 1) + k] = -score * score;
    }
    values[pair * (components + 1) + components] = 1;
  }
  return { rows: { count, width: components + 1, values, loops: null }, outcomes };
}

function allIndices(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

function checked(dataset: Dataset, settings: MetricLearningSettings, width: number): void {
  requireClasses(dataset, (count) => count >= 2, 'metric-learning', 'two classes or more');
  const { componentCount } = settings;
  if (!(Number.isInteger(componentCount) && componentCount >= 1 && componentCount <= width))
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `metric-learning: componentCount must be 1 to ${width}, the number of features, got ${componentCount}`,
    );
}

export function metricLearning(context: LogPosteriorContext<MetricLearningSettings>): ObjectiveFamily {
  const { dataset, settings, precision, clientCount, rng } = context;
  const width = featureCountOf(dataset);
  checked(dataset, settings, width);
  const { componentCount, pairsPerClient, testPairs } = settings;
  const prior = isotropicPrior(settings.priorVariance, clientCount, 'metric-learning');
  const directions = leadingDirections(dataset.train, width, componentCount, rng.derive('directions'));
  const heldOut = allIndices(dataset.test.count);
  const test = drawPairs(dataset.test, heldOut, width, directions, testPairs, rng.derive('test-pairs'));
  const parameterCount = componentCount + 1;
  const segments = metricSegments(componentCount);
  return {
    segments,
    parameterCount,
    initialParams: () => zeros(parameterCount, precision),
    shard: (examples) => pairShard(examples, precision),
    evaluate: (estimates) => {
      const probabilities = averagedProbabilities(estimates, test.rows.count, 2, (params, pair, into) => {
        into[1] = sigmoid(rowProduct(test.rows, pair, params));
        into[0] = 1 - into[1];
      });
      return classificationEvaluation(probabilities, test.outcomes, 2);
    },
    tensorCount: () => 0,
  };

  function pairShard(examples: Uint32Array, runPrecision: Precision): LogisticShard {
    // Keyed by the shard's first example, so that every process draws the same pairs for a client.
    const stream = rng.derive('pairs', examples[0] ?? 0);
    const { rows, outcomes } = drawPairs(dataset.train, examples, width, directions, pairsPerClient, stream);
    return new LogisticShard(rows, outcomes, allIndices(rows.count), segments, prior, runPrecision);
  }
}

function metricSegments(componentCount: number): readonly Segment[] {
  return [
    { name: 'gamma', module: 'metric', offset: 0, shape: [componentCount] },
    { name: 'mu', module: 'metric', offset: componentCount, shape: [1] },
  ];
}

export default defineObjective({
  name: 'metric-learning',
  isPosterior: true,
  measures: ['calibrationError'],
  summary: 'Posterior of a distance for pairs of examples',
  settings,
  create: (settings, request) => metricLearning({ ...request, settings, dataset: requireDataset(request, 'any') }),
});
