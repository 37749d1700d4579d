import { sizeOf } from '../parts/layer.js';

/** For each number of a tensor, in C order, where it comes from in another one. */
export type IndexMap = Uint32Array;

/** `steps[axis]`: how far the source moves with an axis of `shape`. */
function mapOf(shape: readonly number[], steps: readonly number[]): IndexMap {
  const map = new Uint32Array(sizeOf(shape));
  const place = shape.map(() => 0);
  let source = 0;
  for (let i = 0; i < map.length; i++) {
    map[i] = source;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      source -= steps[axis]! * shape[axis]!;
      place[axis] = 0;
    }
  }
  return map;
}

/** How far a number lies from the next one along each axis. */
function strides(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** The shape of an elementwise result: axes of length 1, and missing leading axes, are broadcast. */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  const extra = long.length - short.length;
  return long.map((length, axis) => (axis < extra ? length : Math.max(length, short[axis - extra]!)));
}

export function broadcastMap(shape: readonly number[], to: readonly number[]): IndexMap {
  const own = strides(shape);
  const extra = to.length - shape.length;
  return mapOf(
    to,
    to.map((_, axis) => (axis < extra || shape[axis - extra] === 1 ? 0 : own[axis - extra]!)),
  );
}

/** `order[i]` is the axis that becomes axis i. */
export function transposeMap(shape: readonly number[], order: readonly number[]): IndexMap {
  const own = strides(shape);
  return mapOf(
    order.map((axis) => shape[axis]!),
    order.map((axis) => own[axis]!),
  );
}

/** For each number of a tensor, where it goes in its sums over these axes. */
export function reducedMap(shape: readonly number[], axes: readonly number[]): IndexMap {
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  return broadcastMap(kept, shape);
}
