import type { Matrix, ReadonlyMatrix } from '../../protocol/numerics/linear-algebra.js';

/** Kronecker product of square matrices: with E stored row by row, (a kron a) E = a E a^T. */
export function kronecker(a: ReadonlyMatrix, b: ReadonlyMatrix): Matrix {
  const n = Math.sqrt(a.length);
  const m = Math.sqrt(b.length);
  const order = n * m;
  const result = new Float64Array(order * order);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < m; k++)
        for (let l = 0; l < m; l++) result[(i * m + k) * order + j * m + l] = a[i * n + j]! * b[k * m + l]!;
  return result;
}
