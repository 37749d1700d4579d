import type { ReadonlyVector } from '../../../../protocol/method.js';
import { exp } from '../../../../protocol/numerics/elementary.js';
import { sizeOf } from '../parts/layer.js';
import type { Activation, Operations, Padding, Value } from '../parts/operations.js';
import { ACTIVATIONS } from './activations.js';
import { broadcastMap, broadcastShape, type IndexMap, reducedMap, transposeMap } from './index-maps.js';
import { addProduct, eachPlace, windowsAlong } from './products.js';

/** Adds to the derivatives by what a value was computed from. */
type Backward = (dy: Float64Array) => void;

class Node implements Value {
  private derivative: Float64Array | null = null;

  constructor(
    readonly values: Float64Array,
    readonly shape: readonly number[],
    readonly backward: Backward | null,
  ) {}

  /** Derivative of the loss by this value, to add to. */
  get gradient(): Float64Array {
    return (this.derivative ??= new Float64Array(this.values.length));
  }

  get isReached(): boolean {
    return this.derivative !== null;
  }
}

const nodeOf = (value: Value): Node => value as Node;
const lastOf = (shape: readonly number[]): number => shape.at(-1)!;

/** Operations in plain loops in float64, each sum in one order: reverse-mode differentiation with fixed bits. One tape serves one pass. */
export class PlainTape implements Operations {
  private readonly nodes: Node[] = [];

  leaf(values: ReadonlyVector, shape: readonly number[]): Value {
    return this.note(Float64Array.from(values), shape, null);
  }

  valuesOf(value: Value): Float64Array {
    return nodeOf(value).values;
  }

  /** Derivatives by leaves, from those by `output`. */
  gradients(output: Value, delta: Float64Array, by: readonly Value[]): readonly Float64Array[] {
    nodeOf(output).gradient.set(delta);
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i]!;
      if (node.isReached) node.backward?.(node.gradient);
    }
    return by.map((value) => nodeOf(value).gradient);
  }

  private note(values: Float64Array, shape: readonly number[], backward: Backward | null): Node {
    const node = new Node(values, shape, backward);
    this.nodes.push(node);
    return node;
  }

  affine(x: Value, weights: Value, bias: Value | null, relu = false): Value {
    const [a, b] = [nodeOf(x), nodeOf(weights)];
    const [inner, columns] = b.shape as readonly [number, number];
    const rows = a.values.length / inner;
    const y = new Float64Array(rows * columns);
    addProduct(y, a.values, b.values, { count: 1, rows, inner, columns });
    const offsets = bias && nodeOf(bias);
    if (offsets) for (let i = 0; i < y.length; i++) y[i]! += offsets.values[i % columns]!;
    const product = this.note(y, [...x.shape.slice(0, -1), columns], (dy) => {
      addProduct(a.gradient, dy, b.values, { count: 1, rows, inner: columns, columns: inner }, false, true);
      addProduct(b.gradient, a.values, dy, { count: 1, rows: inner, inner: rows, columns }, true);
      if (offsets) for (let i = 0; i < dy.length; i++) offsets.gradient[i % columns]! += dy[i]!;
    });
    return relu ? this.activate(product, 'relu') : product;
  }

  matMul(x: Value, z: Value, transposed = false): Value {
    const [a, b] = [nodeOf(x), nodeOf(z)];
    const [count, rows, inner] = a.shape as readonly [number, number, number];
    const columns = b.shape[transposed ? 1 : 2]!;
    const y = new Float64Array(count * rows * columns);
    addProduct(y, a.values, b.values, { count, rows, inner, columns }, false, transposed);
    return this.note(y, [count, rows, columns], (dy) => {
      addProduct(a.gradient, dy, b.values, { count, rows, inner: columns, columns: inner }, false, !transposed);
      if (transposed) addProduct(b.gradient, dy, a.values, { count, rows: columns, inner: rows, columns: inner }, true);
      else addProduct(b.gradient, a.values, dy, { count, rows: inner, inner: rows, columns }, true);
    });
  }

  convolution(x: Value, filter: Value, bias: Value | null, stride: number, padding: Padding, relu = false): Value {
    const [image, kernels] = [nodeOf(x), nodeOf(filter)];
    const [height, width, channels, filters] = kernels.shape as readonly [number, number, number, number];
    const windows = { image: x.shape, size: [height, width], stride, padding } as const;
    const shape = [x.shape[0]!, ...windowsAlong(windows), filters];
    const y = new Float64Array(sizeOf(shape));
    const offsets = bias && nodeOf(bias);
    if (offsets) for (let i = 0; i < y.length; i++) y[i] = offsets.values[i % filters]!;
    const one = { count: 1, rows: 1, inner: channels, columns: filters };
    const part = (values: Float64Array, number: number, size: number) =>
      values.subarray(number * size, (number + 1) * size);
    eachPlace(windows, (window, place, pixel) =>
      addProduct(
        part(y, window, filters),
        part(image.values, pixel, channels),
        part(kernels.values, place, channels * filters),
        one,
      ),
    );
    const convolved = this.note(y, shape, (dy) => {
      eachPlace(windows, (window, place, pixel) => {
        const d = part(dy, window, filters);
        const own = part(kernels.values, place, channels * filters);
        addProduct(
          part(image.gradient, pixel, channels),
          d,
          own,
          { ...one, inner: filters, columns: channels },
          false,
          true,
        );
        const into = part(kernels.gradient, place, channels * filters);
        addProduct(into, part(image.values, pixel, channels), d, { ...one, rows: channels, inner: 1 });
      });
      if (offsets) for (let i = 0; i < dy.length; i++) offsets.gradient[i % filters]! += dy[i]!;
    });
    return relu ? this.activate(convolved, 'relu') : convolved;
  }

  maxPooling(x: Value, size: number, stride: number, padding: Padding): Value {
    const image = nodeOf(x);
    const channels = lastOf(x.shape);
    const windows = { image: x.shape, size: [size, size], stride, padding } as const;
    const shape = [x.shape[0]!, ...windowsAlong(windows), channels];
    const y = new Float64Array(sizeOf(shape)).fill(Number.NEGATIVE_INFINITY);
    const from = new Uint32Array(y.length);
    eachPlace(windows, (window, _, pixel) => {
      for (let c = 0; c < channels; c++) {
        const [at, source] = [window * channels + c, pixel * channels + c];
        const value = image.values[source]!;
        // What is no number stays.
        if (value <= y[at]! || Number.isNaN(y[at])) continue;
        y[at] = value;
        from[at] = source;
      }
    });
    return this.note(y, shape, (dy) => {
      for (let i = 0; i < dy.length; i++) image.gradient[from[i]!]! += dy[i]!;
    });
  }

  add(a: Value, b: Value): Value {
    return this.elementwise(
      a,
      b,
      (x, z) => x + z,
      (d) => d,
      (d) => d,
    );
  }

  multiply(a: Value, b: Value): Value {
    return this.elementwise(
      a,
      b,
      (x, z) => x * z,
      (d, _, z) => d * z,
      (d, x) => d * x,
    );
  }

  private elementwise(
    a: Value,
    b: Value,
    apply: (x: number, z: number) => number,
    ofA: (d: number, x: number, z: number) => number,
    ofB: (d: number, x: number, z: number) => number,
  ): Value {
    const [x, z] = [nodeOf(a), nodeOf(b)];
    const shape = broadcastShape(x.shape, z.shape);
    const [fromX, fromZ] = [broadcastMap(x.shape, shape), broadcastMap(z.shape, shape)];
    const y = new Float64Array(fromX.length);
    for (let i = 0; i < y.length; i++) y[i] = apply(x.values[fromX[i]!]!, z.values[fromZ[i]!]!);
    return this.note(y, shape, (dy) => {
      for (let i = 0; i < dy.length; i++) {
        const [own, other] = [x.values[fromX[i]!]!, z.values[fromZ[i]!]!];
        x.gradient[fromX[i]!]! += ofA(dy[i]!, own, other);
        z.gradient[fromZ[i]!]! += ofB(dy[i]!, own, other);
      }
    });
  }

  scale(x: Value, factor: number): Value {
    return this.pointwise(
      x,
      (z) => factor * z,
      () => factor,
    );
  }

  activate(x: Value, activation: Activation): Value {
    const { apply, slope } = ACTIVATIONS[activation];
    return this.pointwise(x, apply, slope);
  }

  private pointwise(x: Value, apply: (z: number) => number, slope: (z: number, y: number) => number): Value {
    const source = nodeOf(x);
    const y = source.values.map(apply);
    return this.note(y, x.shape, (dy) => {
      for (let i = 0; i < dy.length; i++) source.gradient[i]! += dy[i]! * slope(source.values[i]!, y[i]!);
    });
  }

  softmax(x: Value): Value {
    const source = nodeOf(x);
    const width = lastOf(x.shape);
    const y = new Float64Array(source.values.length);
    for (let start = 0; start < y.length; start += width) {
      let greatest = Number.NEGATIVE_INFINITY;
      for (let i = start; i < start + width; i++) greatest = Math.max(greatest, source.values[i]!);
      let sum = 0;
      for (let i = start; i < start + width; i++) sum += y[i] = exp(source.values[i]! - greatest);
      for (let i = start; i < start + width; i++) y[i]! /= sum;
    }
    return this.note(y, x.shape, (dy) => {
      for (let start = 0; start < y.length; start += width) {
        let sum = 0;
        for (let i = start; i < start + width; i++) sum += dy[i]! * y[i]!;
        for (let i = start; i < start + width; i++) source.gradient[i]! += y[i]! * (dy[i]! - sum);
      }
    });
  }

  normalize(x: Value, epsilon: number): Value {
    const source = nodeOf(x);
    const width = lastOf(x.shape);
    const y = new Float64Array(source.values.length);
    const factors = new Float64Array(y.length / width);
    for (let row = 0; row < factors.length; row++) {
      const [start, end] = [row * width, (row + 1) * width];
      let [mean, squares] = [0, 0];
      for (let i = start; i < end; i++) mean += source.values[i]! / width;
      for (let i = start; i < end; i++) squares += (source.values[i]! - mean) ** 2;
      factors[row] = 1 / Math.sqrt(squares / width + epsilon);
      for (let i = start; i < end; i++) y[i] = (source.values[i]! - mean) * factors[row]!;
    }
    return this.note(y, x.shape, (dy) => {
      for (let row = 0; row < factors.length; row++) {
        const [start, end] = [row * width, (row + 1) * width];
        let [mean, along] = [0, 0];
        for (let i = start; i < end; i++) {
          mean += dy[i]! / width;
          along += (dy[i]! * y[i]!) / width;
        }
        for (let i = start; i < end; i++) source.gradient[i]! += factors[row]! * (dy[i]! - mean - y[i]! * along);
      }
    });
  }

  mean(x: Value, axes: readonly number[]): Value {
    const source = nodeOf(x);
    const to = reducedMap(x.shape, axes);
    const shape = x.shape.filter((_, axis) => !axes.includes(axis));
    const share = sizeOf(shape) / source.values.length;
    const y = new Float64Array(sizeOf(shape));
    for (let i = 0; i < to.length; i++) y[to[i]!]! += source.values[i]! * share;
    return this.note(y, shape, (dy) => {
      for (let i = 0; i < to.length; i++) source.gradient[i]! += dy[to[i]!]! * share;
    });
  }

  reshape(x: Value, shape: readonly number[]): Value {
    const source = nodeOf(x);
    const rest = shape.reduce((product, length) => (length < 0 ? product : product * length), 1);
    const whole = shape.map((length) => (length < 0 ? source.values.length / rest : length));
    return this.note(source.values, whole, (dy) => {
      for (let i = 0; i < dy.length; i++) source.gradient[i]! += dy[i]!;
    });
  }

  transpose(x: Value, order: readonly number[]): Value {
    return this.gathered(
      x,
      transposeMap(x.shape, order),
      order.map((axis) => x.shape[axis]!),
    );
  }

  rows(table: Value, indices: Value): Value {
    const source = nodeOf(table);
    const [count, width] = table.shape as readonly [number, number];
    const codes = nodeOf(indices).values;
    const y = new Float64Array(codes.length * width);
    // A code that is no number has no row: what comes of it is no number either.
    const has = (code: number) => Number.isInteger(code) && code >= 0 && code < count;
    for (const [i, code] of codes.entries())
      for (let j = 0; j < width; j++) y[i * width + j] = has(code) ? source.values[code * width + j]! : Number.NaN;
    return this.note(y, [...indices.shape, width], (dy) => {
      for (const [i, code] of codes.entries())
        if (has(code)) for (let j = 0; j < width; j++) source.gradient[code * width + j]! += dy[i * width + j]!;
    });
  }

  entry(x: Value, index: number): Value {
    const [count, length, ...rest] = x.shape as readonly [number, number, ...number[]];
    const size = sizeOf(rest);
    const from = Uint32Array.from(
      { length: count * size },
      (_, i) => (Math.floor(i / size) * length + index) * size + (i % size),
    );
    return this.gathered(x, from, [count, ...rest]);
  }

  private gathered(x: Value, from: IndexMap, shape: readonly number[]): Value {
    const source = nodeOf(x);
    const y = Float64Array.from(from, (at) => source.values[at]!);
    return this.note(y, shape, (dy) => {
      for (let i = 0; i < dy.length; i++) source.gradient[from[i]!]! += dy[i]!;
    });
  }

  constant(values: ReadonlyVector, shape: readonly number[]): Value {
    return this.leaf(values, shape);
  }
}
