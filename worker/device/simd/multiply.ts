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
  /** So many products, whose matrices lie one after the other; left out: one. */
  readonly count?: number;
}

export type Multiply = (product: Product) => void;

/** Several products, one call for each. */
export function singly(multiply: Multiply): Multiply {
  return (product) => {
    const { a, b, c, rows, columns, depth, count = 1 } = product;
    if (count === 1) return multiply(product);
    for (let i = 0; i < count; i++)
      multiply({
        ...product,
        a: a + 4 * i * rows * depth,
        b: b + 4 * i * depth * columns,
        c: c + 4 * i * rows * columns,
      });
  };
}

/** The product in WASM SIMD. */
export function simdMultiply(backend: BackendWasm, module: HeapModule): Multiply {
  const scratch = new Scratch(heapOf(backend));
  return singly(({ a, transposeA, b, transposeB, c, rows, columns, depth, bias, relu, adds }) => {
    const room = scratch.room(module.scratchBytes(depth, columns));
    const [aRow, aColumn] = transposeA ? [4, 4 * rows] : [4 * depth, 4];
    const [bRow, bColumn] = transposeB ? [4, 4 * depth] : [4 * columns, 4];
    module.multiply(a, aRow, aColumn, b, bRow, bColumn, c, rows, columns, depth, bias, relu, adds, room);
  });
}
