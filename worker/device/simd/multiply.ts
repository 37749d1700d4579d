import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type HeapModule, heapOf, Scratch } from './heap-module.js';

/** C [rows, columns] = A [rows, depth] times B [depth, columns]. Addresses are bytes on the heap of the wasm backend. */
export interface Product {
  readonly a: number;
  /** Stored as [depth, rows]. */
  readonly transposeA: boolean;
  readonly b: number;
  /** Stored as [columns, depth]. */
  readonly transposeB: boolean;
  readonly c: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Added to every row; 0: none. */
  readonly bias: number;
  /** max(0, .) of the sum. */
  readonly relu: boolean;
  /** To what C holds, without bias and relu. */
  readonly adds: boolean;
}

export type Multiply = (product: Product) => void;

/** The product in WASM SIMD. */
export function simdMultiply(backend: BackendWasm, module: HeapModule): Multiply {
  const scratch = new Scratch(heapOf(backend));
  return ({ a, transposeA, b, transposeB, c, rows, columns, depth, bias, relu, adds }) => {
    const room = scratch.room(module.scratchBytes(depth, columns));
    const [aRow, aColumn] = transposeA ? [4, 4 * rows] : [4 * depth, 4];
    const [bRow, bColumn] = transposeB ? [4, 4 * depth] : [4 * columns, 4];
    module.multiply(a, aRow, aColumn, b, bRow, bColumn, c, rows, columns, depth, bias, relu, adds, room);
  };
}
