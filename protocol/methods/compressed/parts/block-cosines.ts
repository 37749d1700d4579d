import type { ReadonlyVector, Segment, Vector } from '../../../method.js';
import { cosineOfTurns } from '../../../numerics/elementary.js';
import { zerosLike } from '../../../numerics/vector.js';

/** One direction of the transform, from one vector into another of equal length. */
type Pass = (from: ReadonlyVector, into: Vector, offset: number, length: number) => void;

/**
 * The orthonormal discrete cosine transform (DCT-II) of each block of a model's tensors, each read in index order and cut into blocks
 * of `blockSize` numbers; the last of a tensor may be shorter. A block of n numbers takes n^2 products.
 */
export class BlockCosines {
  private readonly tables = new Map<number, Float64Array>();

  constructor(
    private readonly segments: readonly Segment[],
    private readonly blockSize: number,
  ) {}

  /** X_k = s_k sum_i x_i cos(pi (2 i + 1) k / 2 n), s_0 = sqrt(1 / n), s_k = sqrt(2 / n). */
  forward(vector: ReadonlyVector): Vector {
    return this.blockwise(vector, (from, into, offset, n) => {
      const table = this.table(n);
      for (let k = 0; k < n; k++) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += table[k * n + i]! * from[offset + i]!;
        into[offset + k] = sum;
      }
    });
  }

  /** The transpose, so the inverse. */
  inverse(components: ReadonlyVector): Vector {
    const sums = new Float64Array(this.blockSize);
    return this.blockwise(components, (from, into, offset, n) => {
      const table = this.table(n);
      sums.fill(0, 0, n);
      for (let k = 0; k < n; k++) {
        const component = from[offset + k]!;
        // Most were not sent.
        if (component === 0) continue;
        for (let i = 0; i < n; i++) sums[i] = sums[i]! + table[k * n + i]! * component;
      }
      for (let i = 0; i < n; i++) into[offset + i] = sums[i]!;
    });
  }

  private blockwise(vector: ReadonlyVector, pass: Pass): Vector {
    const result = zerosLike(vector);
    for (const { offset, shape } of this.segments) {
      const end = offset + shape.reduce((product, size) => product * size, 1);
      for (let at = offset; at < end; at += this.blockSize)
        pass(vector, result, at, Math.min(this.blockSize, end - at));
    }
    return result;
  }

  /** Row k: s_k cos(pi (2 i + 1) k / 2 n) for i = 0 … n - 1. */
  private table(n: number): Float64Array {
    const known = this.tables.get(n);
    if (known) return known;
    const table = new Float64Array(n * n);
    for (let k = 0; k < n; k++) {
      const norm = Math.sqrt((k === 0 ? 1 : 2) / n);
      for (let i = 0; i < n; i++) table[k * n + i] = norm * cosineOfTurns((((2 * i + 1) * k) % (4 * n)) / (4 * n));
    }
    this.tables.set(n, table);
    return table;
  }
}
