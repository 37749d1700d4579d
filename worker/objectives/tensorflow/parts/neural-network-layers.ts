import type { ReadonlyVector, Rng, Segment } from '../../../../protocol/method.js';
import type { Examples } from '../../../datasets/dataset.js';
import { rowOf } from '../../../datasets/stored-rows.js';
import type { Device } from '../../../device/device-access.js';
import { reluGradient } from '../../../device/relu-gradient.js';
import { tf } from '../../../device/tensorflow.js';
import type { TensorActivation } from './neural-network-settings.js';

/** A convolution is followed by the activation and 2x2 max pooling, a dense layer by the activation, the last by nothing. */
export type LayerShape =
  | { readonly kind: 'dense'; readonly width: number }
  | { readonly kind: 'convolution'; readonly filters: number; readonly kernelSize: number };

/** Weights and bias of each layer in turn. */
export type Weights = readonly tf.Tensor[];

/** What a forward pass leaves for the backward pass, layer by layer. */
export interface Passage {
  /** Each layer's input: [batch, inputs], or [batch, side, side, channels] for a convolution. */
  readonly inputs: readonly tf.Tensor[];
  /** Before the activation; the same tensor as `activated` where that was computed in one go. */
  readonly preactivations: readonly tf.Tensor[];
  /** After the activation, before pooling. */
  readonly activated: readonly tf.Tensor[];
  /** The last layer's outputs before softmax: [batch, classes or 1]. */
  readonly outputs: tf.Tensor2D;
}

/** Derivatives by the argument z of an activation from `dh`, those by its value h. */
const GRADIENT: Readonly<Record<TensorActivation, (dh: tf.Tensor, z: tf.Tensor, h: tf.Tensor) => tf.Tensor>> = {
  relu: (dh, _z, h) => reluGradient(dh, h),
  tanh: (dh, _z, h) => tf.mul(dh, tf.sub(1, tf.square(h))),
  sigmoid: (dh, _z, h) => tf.mul(dh, tf.mul(h, tf.sub(1, h))),
  softplus: (dh, z) => tf.mul(dh, tf.sigmoid(z)),
};

const ACTIVATE: Readonly<Record<Exclude<TensorActivation, 'relu'>, (z: tf.Tensor) => tf.Tensor>> = {
  tanh: (z) => tf.tanh(z),
  sigmoid: (z) => tf.sigmoid(z),
  softplus: (z) => tf.softplus(z),
};

/** Runs a kernel for which the library's public face has only a gradient, which its Node bundle does not register. */
export function runKernel(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, unknown>,
): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attributes as never) as tf.Tensor;
}

const POOLING = { filterSize: 2, strides: 2, pad: 'valid' } as const;
export const CONVOLVING = { strides: 1, pad: 'same', dataFormat: 'NHWC' } as const;

/** A feed-forward network. Its weights are a list of tensors, one a segment, uploaded from one flat vector. */
export class TensorNetwork {
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  readonly outputWidth: number;

  constructor(
    /** Of one example: [features], or [side, side, channels] when the first layer is a convolution. */
    readonly inputShape: readonly number[],
    private readonly layers: readonly LayerShape[],
    private readonly activation: TensorActivation,
    /** Cross-entropy when true, else (output - target)^2 / 2. */
    readonly classifies: boolean,
  ) {
    const segments: Segment[] = [];
    let shape = inputShape;
    let offset = 0;
    const add = (module: string, weights: readonly number[]) => {
      const outputs = weights[weights.length - 1]!;
      segments.push({ name: `${module}/weights`, module, offset, shape: weights });
      offset += sizeOf(weights);
      segments.push({ name: `${module}/bias`, module, offset, shape: [outputs] });
      offset += outputs;
    };
    layers.forEach((layer, l) => {
      if (layer.kind === 'convolution') {
        const [side, , channels] = shape as [number, number, number];
        add(`convolution${l + 1}`, [layer.kernelSize, layer.kernelSize, channels, layer.filters]);
        shape = [side >> 1, side >> 1, layer.filters];
      } else {
        add(`dense${l + 1}`, [sizeOf(shape), layer.width]);
        shape = [layer.width];
      }
    });
    this.segments = segments;
    this.parameterCount = offset;
    this.outputWidth = shape[0]!;
  }

  /** Weights uniform with variance 2 / inputs for relu (He et al., 2015), else 2 / (inputs + outputs) (Glorot, Bengio, 2010); biases 0. */
  initialParams(rng: Rng): Float32Array {
    const params = new Float32Array(this.parameterCount);
    for (const { offset, shape } of this.segments) {
      if (shape.length === 1) continue;
      const area = sizeOf(shape.slice(0, -2));
      const inputs = area * shape[shape.length - 2]!;
      const outputs = area * shape[shape.length - 1]!;
      const reach = Math.sqrt(6 / (this.activation === 'relu' ? inputs : inputs + outputs));
      for (let i = offset; i < offset + sizeOf(shape); i++) params[i] = reach * (2 * rng.uniform() - 1);
    }
    return params;
  }

  /** The parameters on the device, in the order of the segments. */
  upload(device: Device, params: ReadonlyVector): Weights {
    return this.segments.map(({ offset, shape }) =>
      device.upload((params as Float32Array).subarray(offset, offset + sizeOf(shape)), shape),
    );
  }

  /** The features of `rows[batch[i]]`, one example after the other. */
  gather(examples: Examples, rows: Uint32Array, batch: Uint32Array): Float32Array {
    const width = sizeOf(this.inputShape);
    const gathered = new Float32Array(batch.length * width);
    for (let i = 0; i < batch.length; i++) gathered.set(rowOf(examples, rows[batch[i]!]!, width), i * width);
    return gathered;
  }

  forward(weights: Weights, batch: tf.Tensor): Passage {
    const inputs: tf.Tensor[] = [];
    const preactivations: tf.Tensor[] = [];
    const activated: tf.Tensor[] = [];
    let signal = batch;
    this.layers.forEach((layer, l) => {
      const last = l + 1 === this.layers.length;
      const z = this.affine(
        l,
        weights[2 * l]!,
        weights[2 * l + 1]!,
        signal,
        inputs,
        !last && this.activation === 'relu',
      );
      preactivations.push(z);
      signal = last || this.activation === 'relu' ? z : ACTIVATE[this.activation](z);
      activated.push(signal);
      if (layer.kind === 'convolution') signal = tf.maxPool(signal as tf.Tensor4D, 2, 2, 'valid');
    });
    return { inputs, preactivations, activated, outputs: signal as tf.Tensor2D };
  }

  /** Weights and bias of layer `l` applied to `signal`, which is noted in `inputs`; with relu in the same kernel if asked. */
  private affine(
    l: number,
    weights: tf.Tensor,
    bias: tf.Tensor,
    signal: tf.Tensor,
    inputs: tf.Tensor[],
    relu: boolean,
  ): tf.Tensor {
    const activation = relu ? 'relu' : 'linear';
    if (this.layers[l]!.kind === 'convolution') {
      inputs.push(signal);
      const [x, filter] = [signal as tf.Tensor4D, weights as tf.Tensor4D];
      return tf.fused.conv2d({ x, filter, bias, activation, ...CONVOLVING });
    }
    const a = tf.reshape(signal, [signal.shape[0]!, weights.shape[0]!]) as tf.Tensor2D;
    inputs.push(a);
    return tf.fused.matMul({ a, b: weights as tf.Tensor2D, bias, activation });
  }

  /** Derivative of the loss by each layer's pre-activation, example by example, from that by the outputs. */
  deltas(weights: Weights, passage: Passage, outputDelta: tf.Tensor): readonly tf.Tensor[] {
    const deltas: tf.Tensor[] = [outputDelta];
    for (let l = this.layers.length - 1; l > 0; l--) {
      const dy = deltas[0]!;
      const filter = weights[2 * l]!;
      const input = passage.inputs[l]!;
      const below = passage.activated[l - 1]!;
      let upstream =
        this.layers[l]!.kind === 'convolution'
          ? runKernel('Conv2DBackpropInput', { dy, filter }, { ...CONVOLVING, inputShape: input.shape })
          : tf.matMul(dy as tf.Tensor2D, filter as tf.Tensor2D, false, true);
      if (this.layers[l - 1]!.kind === 'convolution') {
        const [size, side, , channels] = below.shape as [number, number, number, number];
        const pooled = [size, side >> 1, side >> 1, channels] as const;
        upstream = runKernel(
          'MaxPoolGrad',
          { dy: tf.reshape(upstream, [...pooled]), input: below, output: tf.reshape(input, [...pooled]) },
          POOLING,
        );
      }
      deltas.unshift(GRADIENT[this.activation](upstream, passage.preactivations[l - 1]!, below));
    }
    return deltas;
  }

  /** Gradients of the sum over the batch, one a segment, from each layer's input and delta. */
  gradients({ inputs }: Pick<Passage, 'inputs'>, deltas: readonly tf.Tensor[]): readonly tf.Tensor[] {
    return deltas.flatMap((delta, l) =>
      this.isDense(l) ? denseGradients(inputs[l]!, delta) : this.filterGradients(l, inputs[l]!, delta),
    );
  }

  isDense(l: number): boolean {
    return this.layers[l]!.kind === 'dense';
  }

  private filterGradients(l: number, x: tf.Tensor, dy: tf.Tensor): [tf.Tensor, tf.Tensor] {
    const filterShape = this.segments[2 * l]!.shape;
    const filters = filterShape[filterShape.length - 1]!;
    return [
      runKernel('Conv2DBackpropFilter', { x, dy }, { ...CONVOLVING, filterShape }),
      tf.sum(tf.reshape(dy, [-1, filters]), 0),
    ];
  }

  /** A convolution's gradients example by example: [batch, weights and biases of the layer]. */
  exampleGradients(l: number, input: tf.Tensor, delta: tf.Tensor): tf.Tensor2D {
    return tf.tidy(() => {
      const one = (x: tf.Tensor, i: number) => tf.slice(x, [i, 0, 0, 0], [1, ...x.shape.slice(1)]);
      const rows = Array.from({ length: input.shape[0]! }, (_, i) =>
        tf.concat(this.filterGradients(l, one(input, i), one(delta, i)).map((gradient) => tf.reshape(gradient, [-1]))),
      );
      return tf.stack(rows) as tf.Tensor2D;
    });
  }

  /** Sum of the examples' losses. */
  lossSum(outputs: tf.Tensor2D, answers: tf.Tensor2D): tf.Tensor {
    if (!this.classifies) return tf.mul(tf.sum(tf.square(tf.sub(outputs, answers))), 0.5);
    return tf.neg(tf.sum(tf.mul(answers, tf.logSoftmax(outputs))));
  }

  /** Derivative of each example's own loss by its outputs. */
  outputDelta(outputs: tf.Tensor2D, answers: tf.Tensor2D): tf.Tensor {
    return tf.sub(this.classifies ? tf.softmax(outputs) : outputs, answers);
  }
}

/** Sums over the batch for a dense layer: of input outer delta, and of delta. */
export function denseGradients(input: tf.Tensor, delta: tf.Tensor): [tf.Tensor, tf.Tensor] {
  return [tf.matMul(input as tf.Tensor2D, delta as tf.Tensor2D, true), tf.sum(delta, 0)];
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
