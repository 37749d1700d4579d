import type { ReadonlyVector, Rng } from '../../../../protocol/method.js';
import type { Examples } from '../../../datasets/dataset.js';
import { rowOf } from '../../../datasets/stored-rows.js';
import type { Device } from '../../../device/device-access.js';
import { tf } from '../../../device/tensorflow.js';
import type { InitialSegment, LowRank, TrainingPlan } from '../../layers/parts/adapters.js';
import { initializeAll, lengthOf } from '../../layers/parts/initial-values.js';
import { sizeOf } from '../../layers/parts/layer.js';
import type { Layout } from '../../layers/parts/layout.js';
import { forwardPass, type MaskOf } from '../../layers/parts/network-pass.js';
import type { Value } from '../../layers/parts/operations.js';
import { Tape } from './tape.js';

/** A network on the device: layers over trained and frozen tensors. */
export class LayeredNetwork {
  readonly segments: readonly InitialSegment[];
  readonly parameterCount: number;
  readonly outputWidth: number;
  /** Parameters that are not trained, in the order of `plan.base`. */
  readonly baseValues: Float32Array;
  private frozen: readonly tf.Tensor[] | null = null;

  constructor(
    readonly inputShape: readonly number[],
    readonly layout: Layout,
    readonly plan: TrainingPlan,
    readonly lora: LowRank | null,
    readonly classifies: boolean,
    private readonly device: Device,
  ) {
    this.segments = plan.segments;
    this.parameterCount = lengthOf(plan.segments);
    this.outputWidth = layout.body.outputShape[0]!;
    this.baseValues = new Float32Array(lengthOf(plan.base));
  }

  initialParams(rng: Rng): Float32Array {
    initializeAll(this.baseValues, this.plan.base, rng);
    this.frozen = null;
    const params = new Float32Array(this.parameterCount);
    initializeAll(params, this.segments, rng);
    return params;
  }

  upload(device: Device, params: ReadonlyVector): readonly tf.Tensor[] {
    return this.segments.map(({ offset, shape }) =>
      device.upload((params as Float32Array).subarray(offset, offset + sizeOf(shape)), shape),
    );
  }

  gather(
    examples: Examples,
    rows: Uint32Array,
    batch: Uint32Array,
    room: (length: number) => Float32Array = (length) => new Float32Array(length),
  ): Float32Array {
    const width = sizeOf(this.inputShape);
    const gathered = room(batch.length * width);
    for (let i = 0; i < batch.length; i++) gathered.set(rowOf(examples, rows[batch[i]!]!, width), i * width);
    return gathered;
  }

  /** Outputs [batch, classes or 1] before softmax, without dropout. */
  forward(weights: readonly tf.Tensor[], inputs: tf.Tensor): { readonly outputs: tf.Tensor2D } {
    const tape = new Tape(false);
    return {
      outputs: tape.tensor(
        this.run(
          tape,
          weights.map((one) => tape.leaf(one)),
          inputs,
          null,
        ),
      ) as tf.Tensor2D,
    };
  }

  /** The same under dropout, on a tape from which gradients by the trained tensors follow. */
  forwardForTraining(weights: readonly tf.Tensor[], inputs: tf.Tensor, maskOf: MaskOf): TrainingPass {
    const tape = new Tape(true);
    const trained = weights.map((one) => tape.parameter(one));
    const output = this.run(tape, trained, inputs, maskOf);
    const outputs = tape.tensor(output) as tf.Tensor2D;
    return { outputs, gradients: (delta) => tape.gradients(output, delta, trained) };
  }

  private run(tape: Tape, trained: readonly Value[], inputs: tf.Tensor, maskOf: MaskOf | null): Value {
    const frozen = this.frozenTensors().map((one) => tape.leaf(one));
    return forwardPass(this, tape, trained, frozen, tape.leaf(inputs), maskOf);
  }

  /** Put on the device once: they do not change. */
  private frozenTensors(): readonly tf.Tensor[] {
    this.frozen ??= this.plan.base.map(({ offset, shape }) =>
      tf.keep(this.device.upload(this.baseValues.subarray(offset, offset + sizeOf(shape)), shape)),
    );
    return this.frozen;
  }
}

export interface TrainingPass {
  readonly outputs: tf.Tensor2D;
  /** By each trained tensor, from the derivative by the outputs. */
  gradients(delta: tf.Tensor): readonly tf.Tensor[];
}
