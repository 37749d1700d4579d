import type { ReadonlyVector } from '../../../../protocol/method.js';
import { convolutionGradients, runKernel } from '../../../device/convolution-gradients.js';
import { reluGradient } from '../../../device/relu-gradient.js';
import { tf } from '../../../device/tensorflow.js';
import type { Activation, Operations, Padding, Value } from '../../layers/parts/operations.js';
import { activationOf } from './activation-slopes.js';

/** Takes the derivative of the loss by a value; returns those by what it was computed from, null where none is needed. */
type Backward = (dy: tf.Tensor) => readonly (tf.Tensor | null)[];

class Node implements Value {
  gradient: tf.Tensor | null = null;
  /** How many values were computed from it. */
  uses = 0;
  /** `gradient` has the slope of relu in it. */
  hasSlope = false;

  constructor(
    readonly tensor: tf.Tensor,
    readonly parents: readonly Node[],
    readonly backward: Backward | null,
    /** A parameter that is trained is among what it was computed from. */
    readonly isNeeded: boolean,
    /** Values of relu, or the largest of some: where they are 0 relu's slope is. */
    readonly isRectified: boolean,
  ) {}

  get shape(): readonly number[] {
    return this.tensor.shape;
  }
}

const nodeOf = (value: Value): Node => value as Node;
const tensorOf = <R extends tf.Rank = tf.Rank>(value: Value): tf.Tensor<R> => nodeOf(value).tensor as tf.Tensor<R>;

const isNeeded = (value: Value): boolean => nodeOf(value).isNeeded;

/** Sums of the axes that were broadcast. */
function summedTo(dy: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const extra = dy.rank - shape.length;
  const axes = dy.shape.flatMap((length, axis) =>
    axis < extra || (shape[axis - extra] === 1 && length > 1) ? [axis] : [],
  );
  const summed = axes.length === 0 ? dy : tf.sum(dy, axes);
  return tf.reshape(summed, [...shape]);
}

const RELU = { activation: 'relu' } as const;

const rowsOf = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, x.shape[x.rank - 1]!]);

/**
 * Operations on the device that note how each value was computed, so that one walk back gives all gradients: reverse-mode
 * differentiation. One tape serves one pass, inside `tf.tidy`.
 */
export class Tape implements Operations {
  private readonly nodes: Node[] = [];

  /** `records`: gradients will be asked for. */
  constructor(private readonly records: boolean) {}

  /** A parameter that is trained. */
  parameter(tensor: tf.Tensor): Value {
    return this.keep(new Node(tensor, [], null, true, false));
  }

  /** An input, or a parameter that is not trained. */
  leaf(tensor: tf.Tensor): Value {
    return this.keep(new Node(tensor, [], null, false, false));
  }

  tensor(value: Value): tf.Tensor {
    return tensorOf(value);
  }

  /** Derivatives of a scalar by these values, from its derivative by `output`. */
  gradients(output: Value, delta: tf.Tensor, by: readonly Value[]): readonly tf.Tensor[] {
    nodeOf(output).gradient = delta;
    for (const node of [...this.nodes].reverse()) {
      if (node.gradient === null || node.backward === null || !node.isNeeded) continue;
      const shares = node.backward(node.gradient);
      for (const [i, parent] of node.parents.entries()) {
        const share = shares[i];
        if (share && parent.isNeeded)
          parent.gradient = parent.gradient === null ? share : tf.add(parent.gradient, share);
      }
    }
    return by.map((value) => nodeOf(value).gradient ?? tf.zeros([...value.shape]));
  }

  /** `relu`: `backward` takes the derivative by what relu was taken of. */
  private note(tensor: tf.Tensor, parents: readonly Value[], backward: Backward, relu = false): Value {
    const whole: Backward = relu ? (dy) => backward(node.hasSlope ? dy : reluGradient(dy, tensor)) : backward;
    const node = this.link(tensor, parents, whole, relu);
    return node;
  }

  private link(tensor: tf.Tensor, parents: readonly Value[], backward: Backward, isRectified: boolean): Node {
    const nodes = parents.map(nodeOf);
    for (const node of nodes) node.uses++;
    const isNeeded = this.records && nodes.some((node) => node.isNeeded);
    return this.keep(new Node(tensor, nodes, backward, isNeeded, isRectified));
  }

  private keep(node: Node): Node {
    if (this.records) this.nodes.push(node);
    return node;
  }

  affine(x: Value, weights: Value, bias: Value | null, relu = false): Value {
    const [a, b] = [rowsOf(tensorOf(x)), tensorOf<tf.Rank.R2>(weights)];
    const y = tf.fused.matMul({ a, b, ...(bias && { bias: tensorOf(bias) }), ...(relu && RELU) });
    const shaped = tf.reshape(y, [...x.shape.slice(0, -1), b.shape[1]]);
    const backward: Backward = (dy) => {
      const d = rowsOf(dy);
      return [
        isNeeded(x) ? tf.reshape(tf.matMul(d, b, false, true), [...x.shape]) : null,
        isNeeded(weights) ? tf.matMul(a, d, true) : null,
        bias && isNeeded(bias) ? tf.sum(d, 0) : null,
      ];
    };
    return this.note(shaped, bias ? [x, weights, bias] : [x, weights], backward, relu);
  }

  matMul(x: Value, z: Value, transposed = false): Value {
    const [a, b] = [tensorOf<tf.Rank.R3>(x), tensorOf<tf.Rank.R3>(z)];
    return this.note(tf.matMul(a, b, false, transposed), [x, z], (dy) => [
      tf.matMul(dy, b, false, !transposed),
      transposed ? tf.matMul(dy, a, true) : tf.matMul(a, dy, true),
    ]);
  }

  convolution(x: Value, filter: Value, bias: Value | null, stride: number, pad: Padding, relu = false): Value {
    const [image, kernels] = [tensorOf<tf.Rank.R4>(x), tensorOf<tf.Rank.R4>(filter)];
    const how = { strides: stride, pad, dataFormat: 'NHWC' } as const;
    const inputs = { x: image, filter: kernels, ...(bias && { bias: tensorOf(bias) }) };
    const y = tf.fused.conv2d({ ...inputs, ...how, ...(relu && RELU) });
    const backward: Backward = (dy) => [
      ...convolutionGradients({ x: image, filter: kernels, dy }, how, isNeeded(x), isNeeded(filter)),
      bias && isNeeded(bias) ? tf.sum(rowsOf(dy), 0) : null,
    ];
    return this.note(y, bias ? [x, filter, bias] : [x, filter], backward, relu);
  }

  maxPooling(x: Value, size: number, stride: number, pad: Padding): Value {
    const input = tensorOf<tf.Rank.R4>(x);
    const output = tf.maxPool(input, size, stride, pad);
    const spread = (dy: tf.Tensor) =>
      runKernel('MaxPoolGrad', { dy, input, output }, { filterSize: size, strides: stride, pad });
    const from = nodeOf(x);
    const node = this.link(
      output,
      [x],
      (dy) => {
        // The slope of relu at a largest value is that of its window, of which there are fewer. Of a value that others take too, all
        // derivatives are added first: a convolution in front of it goes back once, with the bits of a relu behind it.
        from.hasSlope = from.isRectified && from.uses === 1;
        return [spread(from.hasSlope && !node.hasSlope ? reluGradient(dy, output) : dy)];
      },
      from.isRectified,
    );
    return node;
  }

  add(a: Value, b: Value): Value {
    return this.note(tf.add(tensorOf(a), tensorOf(b)), [a, b], (dy) => [summedTo(dy, a.shape), summedTo(dy, b.shape)]);
  }

  multiply(a: Value, b: Value): Value {
    const [x, z] = [tensorOf(a), tensorOf(b)];
    return this.note(tf.mul(x, z), [a, b], (dy) => [
      isNeeded(a) ? summedTo(tf.mul(dy, z), a.shape) : null,
      isNeeded(b) ? summedTo(tf.mul(dy, x), b.shape) : null,
    ]);
  }

  scale(x: Value, factor: number): Value {
    return this.note(tf.mul(tensorOf(x), factor), [x], (dy) => [tf.mul(dy, factor)]);
  }

  activate(x: Value, activation: Activation): Value {
    const z = tensorOf(x);
    if (activation === 'relu') return this.note(tf.relu(z), [x], (dy) => [dy], true);
    const { apply, gradient } = activationOf(activation);
    const y = apply(z);
    return this.note(y, [x], (dy) => [gradient(dy, z, y)]);
  }

  softmax(x: Value): Value {
    const y = tf.softmax(tensorOf(x));
    return this.note(y, [x], (dy) => {
      const weighted = tf.mul(dy, y);
      return [tf.sub(weighted, tf.mul(y, tf.sum(weighted, -1, true)))];
    });
  }

  normalize(x: Value, epsilon: number): Value {
    const z = tensorOf(x);
    const centred = tf.sub(z, tf.mean(z, -1, true));
    const factor = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    const y = tf.mul(centred, factor);
    return this.note(y, [x], (dy) => {
      const along = tf.mul(y, tf.mean(tf.mul(dy, y), -1, true));
      return [tf.mul(factor, tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), along))];
    });
  }

  mean(x: Value, axes: readonly number[]): Value {
    const z = tensorOf(x);
    const count = axes.reduce((product, axis) => product * z.shape[axis]!, 1);
    const kept = z.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    return this.note(tf.mean(z, [...axes]), [x], (dy) => [tf.mul(tf.reshape(dy, kept), tf.fill(z.shape, 1 / count))]);
  }

  reshape(x: Value, shape: readonly number[]): Value {
    return this.note(tf.reshape(tensorOf(x), [...shape]), [x], (dy) => [tf.reshape(dy, [...x.shape])]);
  }

  transpose(x: Value, order: readonly number[]): Value {
    const back = order.map((_, axis) => order.indexOf(axis));
    return this.note(tf.transpose(tensorOf(x), [...order]), [x], (dy) => [tf.transpose(dy, back)]);
  }

  rows(table: Value, indices: Value): Value {
    const source = tensorOf<tf.Rank.R2>(table);
    const flat = tf.cast(tf.reshape(tensorOf(indices), [-1]), 'int32') as tf.Tensor1D;
    const [count, width] = source.shape;
    // A code that is no number has no row: what comes of it is no number either.
    const found = tf.add(tf.gather(source, flat), tf.mul(tf.reshape(tensorOf(indices), [-1, 1]), 0));
    const y = tf.reshape(found, [...indices.shape, width]);
    return this.note(y, [table, indices], (dy) => [
      tf.unsortedSegmentSum(tf.reshape(dy, [-1, width]), flat, count),
      null,
    ]);
  }

  entry(x: Value, index: number): Value {
    const z = tensorOf(x);
    const rest = z.shape.slice(2);
    const zeros = rest.map(() => 0);
    const y = tf.reshape(tf.slice(z, [0, index, ...zeros], [z.shape[0]!, 1, ...rest]), [z.shape[0]!, ...rest]);
    const around = rest.map(() => [0, 0] as [number, number]);
    return this.note(y, [x], (dy) => [
      tf.pad(tf.reshape(dy, [z.shape[0]!, 1, ...rest]), [[0, 0], [index, z.shape[1]! - 1 - index], ...around]),
    ]);
  }

  constant(values: ReadonlyVector, shape: readonly number[]): Value {
    return this.leaf(tf.tensor(values as Float32Array, [...shape], 'float32'));
  }
}
