import type { Objective, Precision, ReadonlyVector, Segment, Vector } from '../../../protocol/method.js';
import { squaredNorm, zeros } from '../../../protocol/numerics/vector.js';
import type { Dataset, Examples } from '../../datasets/dataset.js';
import { subsetOf } from '../../datasets/subset.js';
import type { ObjectiveFamily } from '../family.js';
import { clippingWeight } from './clipping-weight.js';
import { evaluateDense } from './dense-evaluation.js';
import { DenseNetwork } from './dense-network.js';
import { checkExamples, type DenseNetworkShape } from './dense-shape.js';
import { gradientTimesParams, squaredDifferenceNorm, squaredGradientNorm } from './example-trace.js';

/** What the objectives of one family share. The network has working memory for one call at a time. */
interface Workspace {
  readonly network: DenseNetwork;
  /** Of (l2 / 2) |params|^2, over every parameter, biases too: the objective is then l2-strongly convex where it is convex. */
  readonly l2: number;
  readonly precision: Precision;
}

/** One client's mean loss over its rows of the training examples. The mean over an empty batch is 0. */
class DenseObjective implements Objective {
  readonly segments: readonly Segment[];
  readonly exampleCount: number;

  constructor(
    private readonly workspace: Workspace,
    private readonly examples: Examples,
    private readonly rows: Uint32Array,
  ) {
    this.segments = workspace.network.segments;
    this.exampleCount = rows.length;
  }

  loss(params: ReadonlyVector, batch: Uint32Array): number {
    const { network, l2 } = this.workspace;
    const [trace] = network.traces;
    const point = network.resident(params);
    let sum = 0;
    for (let i = 0; i < batch.length; i++) sum += network.loss(point, this.examples, this.rows[batch[i]!]!, trace);
    const mean = batch.length === 0 ? 0 : sum / batch.length;
    return l2 === 0 ? mean : mean + 0.5 * l2 * squaredNorm(params);
  }

  /** Adds the examples' gradients, without the l2 term, to the network's `sums`; returns 1 / their number. */
  private addGradients(point: ReadonlyVector, batch: Uint32Array): number {
    this.workspace.network.addGradients(point, this.examples, this.rows, batch);
    return batch.length === 0 ? 0 : 1 / batch.length;
  }

  gradient(params: ReadonlyVector, batch: Uint32Array, into = this.vector()): Vector {
    const { network, l2 } = this.workspace;
    const point = network.resident(params);
    network.sums.fill(0);
    network.mean(into, point, this.addGradients(point, batch), l2);
    return into;
  }

  /**
   * The same bits as params = addScaled(params, -rate, gradient(params, batch)) for each batch, without storing the gradient:
   * only its rounding is kept.
   */
  descend(params: ReadonlyVector, batches: readonly Uint32Array[], rate: number, into = this.vector()): Vector {
    if (into !== params) into.set(params as Vector);
    const { network, l2 } = this.workspace;
    const point = network.resident(into);
    network.descend(point, this.examples, this.rows, batches, l2, rate);
    if (point !== into) into.set(point);
    return into;
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncGenerator<ReadonlyVector> {
    const one = new Uint32Array(1);
    for (const index of batch) {
      one[0] = index;
      yield this.gradient(params, one);
    }
  }

  clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    const { network, l2 } = this.workspace;
    const { sums } = network;
    const [trace] = network.traces;
    const point = network.resident(params);
    const paramsSquared = l2 === 0 ? 0 : squaredNorm(params);
    let weights = 0;
    sums.fill(0);
    for (const index of batch) {
      network.backward(point, this.examples, this.rows[index]!, trace);
      let squared = squaredGradientNorm(trace, network.shape.bias);
      // |g + l2 x|^2, with <g, x> in closed form.
      if (l2 !== 0) squared += l2 * (2 * gradientTimesParams(trace) + l2 * paramsSquared);
      const weight = clippingWeight(squared, radius);
      if (weight === 0) continue;
      weights += weight;
      network.addGradient(sums, trace, weight);
    }
    if (l2 !== 0) for (let j = 0; j < sums.length; j++) sums[j]! += weights * l2 * params[j]!;
    return this.rounded(sums);
  }

  clippedDifferenceSum(params: ReadonlyVector, previous: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    const { network, l2 } = this.workspace;
    const { sums } = network;
    const [trace, previousTrace] = network.traces;
    const point = network.resident(params, 0);
    const previousPoint = network.resident(previous, 1);
    const difference = l2 === 0 ? null : network.difference;
    sums.fill(0);
    for (const index of batch) {
      const row = this.rows[index]!;
      network.backward(point, this.examples, row, trace);
      network.backward(previousPoint, this.examples, row, previousTrace);
      if (difference === null) {
        const weight = clippingWeight(squaredDifferenceNorm(trace, previousTrace, network.shape.bias), radius);
        if (weight === 0) continue;
        network.addGradient(sums, trace, weight);
        network.addGradient(sums, previousTrace, -weight);
        continue;
      }
      for (let j = 0; j < difference.length; j++) difference[j] = l2 * (params[j]! - previous[j]!);
      network.addGradient(difference, trace, 1);
      network.addGradient(difference, previousTrace, -1);
      const weight = clippingWeight(squaredNorm(difference), radius);
      if (weight !== 0) for (let j = 0; j < sums.length; j++) sums[j]! += weight * difference[j]!;
    }
    return this.rounded(sums);
  }

  private vector(): Vector {
    return zeros(this.workspace.network.parameterCount, this.workspace.precision);
  }

  private rounded(sums: Float64Array): Vector {
    const result = this.vector();
    result.set(sums);
    return result;
  }
}

/** The family of a dense network on a data set. `who` is the objective's name, for messages. */
export function denseFamily(
  who: string,
  shape: DenseNetworkShape,
  l2: number,
  dataset: Dataset,
  precision: Precision,
): ObjectiveFamily {
  const network = new DenseNetwork(shape, dataset.train.stored ? null : dataset.train.features);
  checkExamples(who, shape, dataset.train);
  checkExamples(who, shape, dataset.test);
  const workspace: Workspace = { network, l2, precision };
  return {
    segments: network.segments,
    parameterCount: network.parameterCount,
    initialParams(rng) {
      const params = zeros(network.parameterCount, precision);
      network.initialise(params, rng);
      return params;
    },
    shard: (examples) => new DenseObjective(workspace, dataset.train, examples),
    evaluate: (estimates) => evaluateDense(network, dataset.test.count > 0 ? dataset.test : dataset.train, estimates),
    evaluateTraining: (estimates) => evaluateDense(network, dataset.train, estimates),
    evaluateExamples: (estimates, rows) => evaluateDense(network, subsetOf(dataset, dataset.train, rows), estimates),
    tensorCount: () => 0,
  };
}
