import type { Objective, Precision, ReadonlyVector, Segment, Vector } from '../../../protocol/method.js';
import { log, sigmoid } from '../../../protocol/numerics/elementary.js';
import { squaredNorm, zeros } from '../../../protocol/numerics/vector.js';
import type { Dataset, Examples } from '../../datasets/dataset.js';
import type { Evaluation, ObjectiveFamily } from '../family.js';
import { clippingWeight } from './clipping-weight.js';
import {
  checkExamples,
  DenseNetwork,
  type DenseNetworkShape,
  type ExampleTrace,
  largestIndex,
  softmaxInto,
} from './dense-network.js';

/** What the objectives of one family share: the network and its working memory, used by one call at a time. */
interface Workspace {
  readonly network: DenseNetwork;
  readonly trace: ExampleTrace;
  readonly previousTrace: ExampleTrace;
  readonly sums: Float64Array;
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
    const { network, trace, l2 } = this.workspace;
    let sum = 0;
    for (let i = 0; i < batch.length; i++) sum += network.loss(params, this.examples, this.rows[batch[i]!]!, trace);
    const mean = batch.length === 0 ? 0 : sum / batch.length;
    return l2 === 0 ? mean : mean + 0.5 * l2 * squaredNorm(params);
  }

  /** Sum of the examples' gradients, without the l2 term, left in `workspace.sums`. */
  private sumGradients(params: ReadonlyVector, batch: Uint32Array): Float64Array {
    const { network, trace, sums } = this.workspace;
    sums.fill(0);
    for (let i = 0; i < batch.length; i++) {
      network.backward(params, this.examples, this.rows[batch[i]!]!, trace);
      network.addGradient(sums, trace, 1);
    }
    return sums;
  }

  gradient(params: ReadonlyVector, batch: Uint32Array, into = this.vector()): Vector {
    const sums = this.sumGradients(params, batch);
    const { l2 } = this.workspace;
    const share = batch.length === 0 ? 0 : 1 / batch.length;
    if (l2 === 0) for (let j = 0; j < sums.length; j++) into[j] = share * sums[j]!;
    else for (let j = 0; j < sums.length; j++) into[j] = share * sums[j]! + l2 * params[j]!;
    return into;
  }

  /** The same bits as params = addScaled(params, -rate, gradient(params, batch)) for each batch. */
  descend(params: ReadonlyVector, batches: readonly Uint32Array[], rate: number, into = this.vector()): Vector {
    if (into !== params) into.set(params as Vector);
    if (into.BYTES_PER_ELEMENT === 4) this.descend32(into, batches, rate);
    else {
      const gradient = this.vector();
      for (const batch of batches) {
        this.gradient(into, batch, gradient);
        for (let j = 0; j < into.length; j++) into[j] = into[j]! - rate * gradient[j]!;
      }
    }
    return into;
  }

  /** Steps without storing the gradient: only its rounding to float32 is kept. */
  private descend32(params: Vector, batches: readonly Uint32Array[], rate: number): void {
    const { l2 } = this.workspace;
    for (const batch of batches) {
      const sums = this.sumGradients(params, batch);
      const share = batch.length === 0 ? 0 : 1 / batch.length;
      if (l2 === 0) for (let j = 0; j < sums.length; j++) params[j] = params[j]! - rate * Math.fround(share * sums[j]!);
      else
        for (let j = 0; j < sums.length; j++) {
          const value = params[j]!;
          params[j] = value - rate * Math.fround(share * sums[j]! + l2 * value);
        }
    }
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncGenerator<ReadonlyVector> {
    const one = new Uint32Array(1);
    for (const index of batch) {
      one[0] = index;
      yield this.gradient(params, one);
    }
  }

  clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    const { network, trace, sums, l2 } = this.workspace;
    const paramsSquared = l2 === 0 ? 0 : squaredNorm(params);
    let weights = 0;
    sums.fill(0);
    for (const index of batch) {
      network.backward(params, this.examples, this.rows[index]!, trace);
      let squared = network.squaredGradientNorm(trace);
      // |g + l2 x|^2, with <g, x> in closed form.
      if (l2 !== 0) squared += l2 * (2 * network.gradientTimesParams(trace) + l2 * paramsSquared);
      const weight = clippingWeight(squared, radius);
      if (weight === 0) continue;
      weights += weight;
      network.addGradient(sums, trace, weight);
    }
    if (l2 !== 0) for (let j = 0; j < sums.length; j++) sums[j]! += weights * l2 * params[j]!;
    return this.rounded(sums);
  }

  clippedDifferenceSum(params: ReadonlyVector, previous: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    const { network, trace, previousTrace, sums, l2 } = this.workspace;
    const difference = l2 === 0 ? null : new Float64Array(sums.length);
    sums.fill(0);
    for (const index of batch) {
      const row = this.rows[index]!;
      network.backward(params, this.examples, row, trace);
      network.backward(previous, this.examples, row, previousTrace);
      if (difference === null) {
        const weight = clippingWeight(network.squaredDifferenceNorm(trace, previousTrace), radius);
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

/** Mean loss and accuracy of the averaged predictions over all of `examples`, without the l2 term. */
function evaluateDense(
  network: DenseNetwork,
  trace: ExampleTrace,
  examples: Examples,
  estimates: readonly ReadonlyVector[],
): Evaluation {
  const { output, outputs } = network.shape;
  const mean = new Float64Array(outputs);
  const probabilities = new Float64Array(outputs);
  let lossSum = 0;
  let rightCount = 0;
  for (let row = 0; row < examples.count; row++) {
    mean.fill(0);
    let loss = 0;
    for (const estimate of estimates) {
      loss = network.loss(estimate, examples, row, trace);
      const z = trace.preactivations[trace.preactivations.length - 1]!;
      if (output === 'softmax') softmaxInto(probabilities, z);
      else probabilities[0] = output === 'logistic' ? sigmoid(z[0]!) : z[0]!;
      for (let c = 0; c < outputs; c++) mean[c]! += probabilities[c]! / estimates.length;
    }
    const label = examples.labels[row] ?? 0;
    if (output === 'squared') {
      const residual = mean[0]! - examples.targets[row]!;
      lossSum += 0.5 * residual * residual;
      continue;
    }
    const right = output === 'softmax' ? mean[label]! : label === 1 ? mean[0]! : 1 - mean[0]!;
    // One estimate: its own loss, which does not underflow as the logarithm of a probability does.
    lossSum += estimates.length === 1 ? loss : -log(Math.max(right, Number.MIN_VALUE));
    const predicted = output === 'softmax' ? largestIndex(mean) : mean[0]! > 0.5 ? 1 : 0;
    if (predicted === label) rightCount++;
  }
  return {
    loss: lossSum / examples.count,
    accuracy: output === 'squared' ? null : rightCount / examples.count,
  };
}

/** The family of a dense network on a data set. `who` is the objective's name, for messages. */
export function denseFamily(
  who: string,
  shape: DenseNetworkShape,
  l2: number,
  dataset: Dataset,
  precision: Precision,
): ObjectiveFamily {
  const network = new DenseNetwork(shape);
  checkExamples(who, shape, dataset.train);
  checkExamples(who, shape, dataset.test);
  const workspace: Workspace = {
    network,
    trace: network.trace(),
    previousTrace: network.trace(),
    sums: new Float64Array(network.parameterCount),
    l2,
    precision,
  };
  return {
    segments: network.segments,
    parameterCount: network.parameterCount,
    initialParams(rng) {
      const params = zeros(network.parameterCount, precision);
      network.initialise(params, rng);
      return params;
    },
    shard: (examples) => new DenseObjective(workspace, dataset.train, examples),
    evaluate: (estimates) =>
      evaluateDense(network, workspace.trace, dataset.test.count > 0 ? dataset.test : dataset.train, estimates),
    evaluateTraining: (estimates) => evaluateDense(network, workspace.trace, dataset.train, estimates),
    tensorCount: () => 0,
  };
}
