import * as tf from '@tensorflow/tfjs-core';
import type { ReadonlyVector } from '../../../../protocol/method.js';
import { log } from '../../../../protocol/numerics/elementary.js';
import type { Examples } from '../../../datasets/dataset.js';
import type { Device } from '../../../device/device-access.js';
import type { Evaluation } from '../../family.js';
import { softmaxInto } from '../../plain/dense-loops.js';
import { largestIndex } from '../../plain/largest-index.js';

/** Examples on the device at once. */
const BATCH = 250;

/** A network on a device: outputs before softmax from a batch of inputs. */
interface Predictor {
  readonly outputWidth: number;
  /** Of one example. */
  readonly inputShape: readonly number[];
  readonly classifies: boolean;
  upload(device: Device, params: ReadonlyVector): readonly tf.Tensor[];
  gather(examples: Examples, rows: Uint32Array, batch: Uint32Array): Float32Array;
  forward(weights: readonly tf.Tensor[], inputs: tf.Tensor): { readonly outputs: tf.Tensor2D };
}

/** Mean loss and accuracy of the averaged predictions over all of `examples`. */
export async function evaluateNetwork(
  device: Device,
  network: Predictor,
  examples: Examples,
  estimates: readonly ReadonlyVector[],
): Promise<Evaluation> {
  const width = network.outputWidth;
  const rows = Uint32Array.from({ length: examples.count }, (_, i) => i);
  const predictions = new Float64Array(examples.count * width);
  const probabilities = new Float64Array(width);
  let lossSum = 0;
  for (const estimate of estimates) {
    const outputs = await outputsOf(device, network, examples, rows, estimate);
    for (let row = 0; row < examples.count; row++) {
      const own = outputs.subarray(row * width, (row + 1) * width);
      if (network.classifies) {
        const total = softmaxInto(probabilities, own);
        lossSum += total - own[examples.labels[row]!]!;
      } else probabilities.set(own);
      for (let c = 0; c < width; c++) predictions[row * width + c]! += probabilities[c]! / estimates.length;
    }
  }
  if (!network.classifies) {
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

async function outputsOf(
  device: Device,
  network: Predictor,
  examples: Examples,
  rows: Uint32Array,
  params: ReadonlyVector,
): Promise<Float64Array> {
  const width = network.outputWidth;
  const result = new Float64Array(rows.length * width);
  const weights = network.upload(device, params);
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.subarray(start, start + BATCH);
    const outputs = tf.tidy(() => {
      const inputs = network.gather(examples, rows, batch);
      return network.forward(weights, device.upload(inputs, [batch.length, ...network.inputShape])).outputs;
    });
    const values = new Float32Array(batch.length * width);
    await device.read([outputs], values);
    outputs.dispose();
    result.set(values, start * width);
  }
  tf.dispose([...weights]);
  return result;
}
