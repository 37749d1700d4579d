import type { ReadonlyVector, Vector } from '../../method.js';
import { openModule } from './open-module.js';
import module from './vectors.wasm.js';

/** The module that `npm run build` makes of assembly/vectors.ts. The plain loops in ../vector.ts give the same bits. */

/** Numbers of one call: with both operands they stay in the nearest caches while they are copied in, changed and copied out. */
const PIECE = 4096;
/** Fewer are not worth the copies. */
const FEWEST = 256;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly into: WebAssembly.Global<'i32'>;
  readonly from: WebAssembly.Global<'i32'>;
  addSingle(n: number, factor: number): void;
  addWidened(n: number, factor: number): void;
  addDouble(n: number, factor: number): void;
}

/** Room for one piece, in either precision. */
interface Room {
  readonly single: Float32Array;
  readonly double: Float64Array;
}

let loaded: { readonly kernels: Exports; readonly into: Room; readonly from: Room } | null | undefined;
let enabled = true;

function instantiate() {
  const kernels = openModule<Exports>(module);
  if (kernels === null) return null;
  const room = (at: number): Room => ({
    single: new Float32Array(kernels.memory.buffer, at, PIECE),
    double: new Float64Array(kernels.memory.buffer, at, PIECE),
  });
  return { kernels, into: room(kernels.into.value), from: room(kernels.from.value) };
}

/** For tests: false makes the plain loops run. */
export function useVectorSimd(use: boolean): void {
  enabled = use;
}

function opened(length: number) {
  if (!enabled || length < FEWEST) return null;
  if (loaded === undefined) loaded = instantiate();
  return loaded;
}

/** into += factor * b, of equal lengths, in float64 and rounded once. False, and nothing is done: the plain loop is to do it. */
export function addMultiple(into: Vector, factor: number, b: ReadonlyVector): boolean {
  const [single, narrow] = [into.BYTES_PER_ELEMENT === 4, b.BYTES_PER_ELEMENT === 4];
  if (single && !narrow) return false;
  const room = opened(into.length);
  if (!room) return false;
  const { kernels } = room;
  const add = single ? kernels.addSingle : narrow ? kernels.addWidened : kernels.addDouble;
  const sums = single ? room.into.single : room.into.double;
  const terms = narrow ? room.from.single : room.from.double;
  for (let first = 0; first < into.length; first += PIECE) {
    const end = Math.min(first + PIECE, into.length);
    sums.set(into.subarray(first, end));
    terms.set(b.subarray(first, end));
    add(end - first, factor);
    into.set(end - first === PIECE ? sums : sums.subarray(0, end - first), first);
  }
  return true;
}
