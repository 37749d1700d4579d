import type { ReadonlyVector } from '../../../../protocol/method.js';
import type { Examples } from '../../../datasets/dataset.js';
import type { Device } from '../../../device/device-access.js';
import { tf } from '../../../device/tensorflow.js';
import type { Evaluation } from '../../family.js';
import { evaluationOf } from '../../network-evaluation.js';

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
  const rows = Uint32Array.from({ length: examples.count }, (_, i) => i);
  const { outputWidth, classifies } = network;
  return evaluationOf(
    { outputWidth, classifies, outputsOf: (estimate) => outputsOf(device, network, examples, rows, estimate) },
    examples,
    estimates,
  );
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
