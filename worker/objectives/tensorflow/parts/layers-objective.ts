import type { Objective, ReadonlyVector, Rng, Segment, Vector } from '../../../../protocol/method.js';
import { subtract } from '../../../../protocol/numerics/vector.js';
import { addClipped } from '../../../../protocol/privacy/mechanisms/clipping.js';
import type { Examples } from '../../../datasets/dataset.js';
import type { Device } from '../../../device/device-access.js';
import { tf } from '../../../device/tensorflow.js';
import { addToHash, emptyHash, type WordHash } from '../../../device/word-hash.js';
import { masksOf } from '../../layers/parts/masks.js';
import { descendOn, type WholeDescent } from './descent.js';
import type { LayeredNetwork, TrainingPass } from './layered-network.js';

/** What the objectives of one family share. */
export interface Shared {
  readonly device: Device;
  readonly network: LayeredNetwork;
  readonly examples: Examples;
  readonly classCount: number;
  /** Of dropout. */
  readonly rng: Rng;
  /** By their lengths: those of every step would be garbage of hundreds of kilobytes. */
  readonly rooms: Map<number, Float32Array>;
}

/** Of the parameters that the masks of dropout are keyed by. */
type Key = () => WordHash;

/** One client's mean loss over its rows of the training examples, on the device in float32. */
export class LayersObjective implements Objective {
  readonly segments: readonly Segment[];
  readonly exampleCount: number;
  /** Where the device lets the weights stay. */
  readonly descend?: NonNullable<Objective['descend']>;
  readonly descendWhole?: WholeDescent['descendWhole'];

  constructor(
    private readonly shared: Shared,
    private readonly rows: Uint32Array,
  ) {
    this.segments = shared.network.segments;
    this.exampleCount = rows.length;
    const { device, network } = shared;
    const { stepping } = device;
    const descending = {
      upload: network.upload.bind(network),
      gradients: this.gradientTensors.bind(this),
    };
    if (!stepping) return;
    const descend: WholeDescent['descendWhole'] = (params, batches, rate, room = () => this.vector(), between) =>
      descendOn(device, stepping, descending, params, batches, rate, room, between);
    this.descendWhole = descend;
    this.descend = (params, batches, rate, into) => descend(params, batches, rate, into && (() => into), () => {});
  }

  async loss(params: ReadonlyVector, batch: Uint32Array): Promise<number> {
    if (batch.length === 0) return 0;
    const total = tf.tidy(() => {
      const { device, network } = this.shared;
      const { pass, answers } = this.pass(network.upload(device, params), batch, () => addToHash(emptyHash(), params));
      return lossSum(network.classifies, pass.outputs, answers);
    });
    const value = new Float32Array(1);
    await this.shared.device.read([total], value);
    total.dispose();
    return value[0]! / batch.length;
  }

  async gradient(params: ReadonlyVector, batch: Uint32Array, into = this.vector()): Promise<Vector> {
    return this.gradientUnder(params, batch, params, into);
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncGenerator<ReadonlyVector> {
    for (const index of batch) yield await this.gradient(params, Uint32Array.of(index));
  }

  async clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Promise<Vector> {
    const sum = new Float64Array(this.shared.network.parameterCount);
    for await (const gradient of this.exampleGradients(params, batch)) addClipped(sum, gradient, radius);
    return Float32Array.from(sum);
  }

  /** Both gradients of an example are under the same dropout. */
  async clippedDifferenceSum(
    params: ReadonlyVector,
    previous: ReadonlyVector,
    batch: Uint32Array,
    radius: number,
  ): Promise<Vector> {
    const sum = new Float64Array(this.shared.network.parameterCount);
    for (const index of batch) {
      const one = Uint32Array.of(index);
      const before = await this.gradientUnder(previous, one, params);
      addClipped(sum, subtract(await this.gradient(params, one), before), radius);
    }
    return Float32Array.from(sum);
  }

  /** `key`: the parameters that the masks of dropout are keyed by. */
  private async gradientUnder(
    params: ReadonlyVector,
    batch: Uint32Array,
    key: ReadonlyVector,
    into: Vector = this.vector(),
  ): Promise<Vector> {
    if (batch.length === 0) return into.fill(0);
    const { device, network } = this.shared;
    const gradients = tf.tidy(() => [
      ...this.gradientTensors(network.upload(device, params), batch, () => addToHash(emptyHash(), key)),
    ]);
    await device.read(gradients, into as Float32Array);
    tf.dispose(gradients);
    return into;
  }

  private gradientTensors(weights: readonly tf.Tensor[], batch: Uint32Array, key: Key): readonly tf.Tensor[] {
    const { pass, answers } = this.pass(weights, batch, key);
    const outputs = this.shared.network.classifies ? tf.softmax(pass.outputs) : pass.outputs;
    return pass.gradients(tf.mul(tf.sub(outputs, answers), 1 / batch.length));
  }

  private pass(
    weights: readonly tf.Tensor[],
    batch: Uint32Array,
    key: Key,
  ): { readonly pass: TrainingPass; readonly answers: tf.Tensor2D } {
    const { device, network, examples, classCount, rng } = this.shared;
    const width = classCount || 1;
    const answers = new Float32Array(batch.length * width);
    const rows = Uint32Array.from(batch, (position) => this.rows[position]!);
    for (const [i, row] of rows.entries()) {
      if (classCount > 0) answers[i * width + examples.labels[row]!] = 1;
      else answers[i] = examples.targets[row]!;
    }
    const room = this.room();
    const gathered = network.gather(examples, this.rows, batch, room);
    const inputs = device.upload(gathered, [batch.length, ...network.inputShape]);
    return {
      pass: network.forwardForTraining(weights, inputs, masksOf(rng, key, 'float32', rows, room)),
      answers: device.upload<tf.Rank.R2>(answers, [batch.length, width]),
    };
  }

  /** Devices that hash keep numbers on a heap of their own, to which inputs and masks are copied: their memory is free again at once. */
  private room(): ((length: number) => Float32Array) | undefined {
    const { device, rooms } = this.shared;
    if (!device.stepping?.hash) return undefined;
    return (length) => {
      const room = rooms.get(length) ?? new Float32Array(length);
      rooms.set(length, room);
      return room;
    };
  }

  private vector(): Float32Array {
    return new Float32Array(this.shared.network.parameterCount);
  }
}

/** Cross-entropy, or (output - target)^2 / 2, summed over the batch. */
function lossSum(classifies: boolean, outputs: tf.Tensor2D, answers: tf.Tensor2D): tf.Tensor {
  if (!classifies) return tf.mul(tf.sum(tf.square(tf.sub(outputs, answers))), 0.5);
  return tf.neg(tf.sum(tf.mul(answers, tf.logSoftmax(outputs))));
}
