import * as tf from '@tensorflow/tfjs-core';
import type { ReadonlyVector, Rng, Segment } from '../../protocol/method.js';
import type { Examples } from '../datasets/dataset.js';
import type { Device } from '../device/device.js';
import type { TensorActivation } from './neural-network-settings.js';

/** A convolution is followed by the activation and 2x2 max pooling, a dense layer by the activation, the last by nothing. */
export type LayerShape =
  | { readonly kind: 'dense'; readonly width: number }
  | { readonly kind: 'convolution'; readonly filters: number; readonly kernelSize: number };

/** Zeros added to each dense layer's pre-activation, and where the layer's input is noted: per-example gradients come from both. */
export interface Taps {
  readonly added: readonly tf.Tensor[];
  readonly seen: tf.Tensor2D[];
}

const ACTIVATE: Readonly<Record<TensorActivation, (x: tf.Tensor) => tf.Tensor>> = {
  relu: (x) => tf.relu(x),
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  softplus: (x) => tf.softplus(x),
};

/** A feed-forward network whose weights live on the device, one variable a segment, written from one flat vector. */
export class TensorNetwork {
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  readonly variables: readonly tf.Variable[];
  /** Only dense layers: norms of single examples' gradients have a short form. */
  readonly dense: boolean;
  readonly denseWidths: readonly number[];

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
    this.dense = layers.every(({ kind }) => kind === 'dense');
    this.denseWidths = layers.flatMap((layer) => (layer.kind === 'dense' ? [layer.width] : []));
    this.variables = segments.map((segment) =>
      tf.tidy(() => tf.variable(tf.zeros([...segment.shape] as [number, number], 'float32'))),
    );
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

  write(device: Device, params: ReadonlyVector): void {
    this.segments.forEach(({ offset }, i) => {
      const variable = this.variables[i]!;
      device.write(variable, (params as Float32Array).subarray(offset, offset + variable.size));
    });
  }

  /** The features of `rows[batch[i]]`, one example after the other. */
  gather(examples: Examples, rows: Uint32Array, batch: Uint32Array): Float32Array {
    const width = sizeOf(this.inputShape);
    const gathered = new Float32Array(batch.length * width);
    for (let i = 0; i < batch.length; i++) {
      const start = rows[batch[i]!]! * width;
      gathered.set(examples.features.subarray(start, start + width), i * width);
    }
    return gathered;
  }

  /** Outputs before softmax, [batch, classes or 1]. */
  forward(inputs: tf.Tensor, taps?: Taps): tf.Tensor2D {
    const activate = ACTIVATE[this.activation];
    let signal = inputs;
    let denseIndex = 0;
    this.layers.forEach((layer, l) => {
      const weights = this.variables[2 * l]!;
      const bias = this.variables[2 * l + 1]!;
      if (layer.kind === 'convolution') {
        const image = tf.fused.conv2d({
          x: signal as tf.Tensor4D,
          filter: weights as tf.Tensor as tf.Tensor4D,
          bias,
          strides: 1,
          pad: 'same',
        });
        signal = tf.maxPool(activate(image) as tf.Tensor4D, 2, 2, 'valid');
        return;
      }
      const flat = tf.reshape(signal, [inputs.shape[0]!, weights.shape[0]!]) as tf.Tensor2D;
      let z: tf.Tensor = tf.fused.matMul({ a: flat, b: weights as tf.Tensor as tf.Tensor2D, bias });
      if (taps) {
        // Kept: the tape disposes of what it does not need itself.
        taps.seen.push(tf.keep(flat));
        z = tf.add(z, taps.added[denseIndex++]!);
      }
      signal = l + 1 < this.layers.length ? activate(z) : z;
    });
    return signal as tf.Tensor2D;
  }

  /** Sum of the examples' losses. Its own gradient: the derivative is softmax - answers, and nothing of it can overflow. */
  lossSum(outputs: tf.Tensor2D, answers: tf.Tensor2D): tf.Scalar {
    if (!this.classifies) return tf.mul(tf.sum(tf.square(tf.sub(outputs, answers))), 0.5) as tf.Scalar;
    const crossEntropy = tf.customGrad((z, save) => {
      const logProbabilities = tf.logSoftmax(z as tf.Tensor2D);
      (save as tf.GradSaveFunc)([logProbabilities]);
      return {
        value: tf.neg(tf.sum(tf.mul(answers, logProbabilities))),
        gradFunc: (upstream: tf.Tensor, saved: tf.Tensor[]) =>
          tf.mul(upstream, tf.sub(tf.exp(saved[0]!), answers)),
      };
    });
    return crossEntropy(outputs) as tf.Scalar;
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
