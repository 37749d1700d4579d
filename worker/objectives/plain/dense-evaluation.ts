import type { ReadonlyVector } from '../../../protocol/method.js';
import { log } from '../../../protocol/numerics/elementary.js';
import type { Examples } from '../../datasets/dataset.js';
import type { Evaluation } from '../family.js';
import type { DenseNetwork } from './dense-network.js';

/**
 * Examples of one call. Not all in one loop: an engine compiles such a loop while it runs, drops the code where the loop ends, as it has not
 * seen what follows, and compiles again at the next evaluation.
 */
const AT_ONCE = 200;

/** Predictions of several estimates, averaged, and what they are worth. */
class DenseEvaluation {
  lossSum = 0;
  rightCount = 0;
  readonly predicted: Int32Array;
  private readonly means: Float64Array;
  /** Of the examples of one call. */
  private readonly losses = new Float64Array(AT_ONCE);
  private readonly predictions: Float64Array;

  constructor(
    private readonly network: DenseNetwork,
    private readonly examples: Examples,
    private readonly estimateCount: number,
  ) {
    const { output, outputs } = network.shape;
    this.predicted = new Int32Array(output === 'squared' ? 0 : examples.count);
    this.means = new Float64Array(examples.count * outputs);
    this.predictions = new Float64Array(AT_ONCE * outputs);
  }

  /** Adds the predictions and losses at these parameters of the examples from `first` on. */
  add(params: ReadonlyVector, first: number, inBlocks: boolean): void {
    const { network, examples, means, losses, predictions, estimateCount } = this;
    const count = Math.min(AT_ONCE, examples.count - first);
    network.predict(params, examples, first, count, inBlocks, losses, predictions);
    let sum = this.lossSum;
    for (let i = 0; i < count; i++) sum += losses[i]!;
    this.lossSum = sum;
    const { outputs } = network.shape;
    const start = first * outputs;
    for (let i = 0; i < count * outputs; i++) means[start + i]! += predictions[i]! / estimateCount;
  }

  /** Adds losses of the averaged predictions, unless `ownLoss`, and right answers of the examples from `first` on. */
  judge(first: number, ownLoss: boolean): void {
    const { output } = this.network.shape;
    const end = Math.min(first + AT_ONCE, this.examples.count);
    for (let row = first; row < end; row++)
      if (output === 'squared') this.judgeNumber(row);
      else this.judgeClass(row, output === 'softmax', ownLoss);
  }

  private judgeNumber(row: number): void {
    const residual = this.means[row]! - this.examples.targets[row]!;
    this.lossSum += 0.5 * residual * residual;
  }

  private judgeClass(row: number, softmax: boolean, ownLoss: boolean): void {
    const { means } = this;
    const { outputs } = this.network.shape;
    const label = this.examples.labels[row] ?? 0;
    const start = row * outputs;
    const right = softmax ? means[start + label]! : label === 1 ? means[row]! : 1 - means[row]!;
    if (!ownLoss) this.lossSum += -log(Math.max(right, Number.MIN_VALUE));
    let predicted = 0;
    if (softmax) {
      for (let c = 1; c < outputs; c++) if (means[start + c]! > means[start + predicted]!) predicted = c;
    } else if (means[row]! > 0.5) predicted = 1;
    this.predicted[row] = predicted;
    if (predicted === label) this.rightCount++;
  }
}

/** Mean loss and accuracy of the averaged predictions over all of `examples`, without the l2 term. */
export function evaluateDense(
  network: DenseNetwork,
  examples: Examples,
  estimates: readonly ReadonlyVector[],
): Evaluation {
  const { output } = network.shape;
  const evaluation = new DenseEvaluation(network, examples, estimates.length);
  for (const estimate of estimates) {
    const point = network.resident(estimate);
    const inBlocks = network.predictsInBlocks(point, examples);
    for (let first = 0; first < examples.count; first += AT_ONCE) evaluation.add(point, first, inBlocks);
  }
  // One estimate: its own loss, which does not underflow as the logarithm of a probability does.
  const ownLoss = estimates.length === 1 && output !== 'squared';
  if (!ownLoss) evaluation.lossSum = 0;
  for (let first = 0; first < examples.count; first += AT_ONCE) evaluation.judge(first, ownLoss);
  const loss = evaluation.lossSum / examples.count;
  if (output === 'squared') return { loss, accuracy: null };
  const classes = { labels: examples.labels, predicted: evaluation.predicted };
  return { loss, accuracy: evaluation.rightCount / examples.count, classes };
}
