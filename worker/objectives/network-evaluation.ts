import type { ReadonlyVector } from '../../protocol/method.js';
import { log } from '../../protocol/numerics/elementary.js';
import type { Examples } from '../datasets/dataset.js';
import type { Evaluation } from './family.js';
import { softmaxInto } from './plain/dense-loops.js';
import { largestIndex } from './plain/largest-index.js';

/** What a network gives for each example: numbers before softmax where it classifies. */
export interface NetworkOutputs {
  readonly outputWidth: number;
  readonly classifies: boolean;
  /** [examples, outputWidth] of one estimate. */
  outputsOf(estimate: ReadonlyVector): Float64Array | Promise<Float64Array>;
}

/** Mean loss and accuracy of the averaged predictions over all of `examples`. */
export async function evaluationOf(
  { outputWidth: width, classifies, outputsOf }: NetworkOutputs,
  examples: Examples,
  estimates: readonly ReadonlyVector[],
): Promise<Evaluation> {
  const predictions = new Float64Array(examples.count * width);
  const probabilities = new Float64Array(width);
  let lossSum = 0;
  for (const estimate of estimates) {
    const outputs = await outputsOf(estimate);
    for (let row = 0; row < examples.count; row++) {
      const own = outputs.subarray(row * width, (row + 1) * width);
      if (classifies) {
        const total = softmaxInto(probabilities, own);
        lossSum += total - own[examples.labels[row]!]!;
      } else probabilities.set(own);
      for (let c = 0; c < width; c++) predictions[row * width + c]! += probabilities[c]! / estimates.length;
    }
  }
  if (!classifies) {
    let sum = 0;
    for (let row = 0; row < examples.count; row++) sum += 0.5 * (predictions[row]! - examples.targets[row]!) ** 2;
    return { loss: sum / examples.count, accuracy: null };
  }
  // One estimate: its own loss, which does not underflow as the logarithm of a probability does.
  let averagedLoss = estimates.length === 1 ? lossSum : 0;
  let rightCount = 0;
  const predicted = new Int32Array(examples.count);
  for (let row = 0; row < examples.count; row++) {
    const mean = predictions.subarray(row * width, (row + 1) * width);
    const label = examples.labels[row]!;
    if (estimates.length > 1) averagedLoss -= log(Math.max(mean[label]!, Number.MIN_VALUE));
    predicted[row] = largestIndex(mean);
    if (predicted[row] === label) rightCount++;
  }
  return {
    loss: averagedLoss / examples.count,
    accuracy: rightCount / examples.count,
    classes: { labels: examples.labels, predicted },
  };
}
