/**
 * Small dense matrices, row by row in a Float64Array. Plain loops in fixed order: the same bits everywhere.
 *
 * Meant for orders up to a few hundred (posterior covariances, surrogates); a symmetric matrix is stored in full.
 */

/** Row-major, `order * order` numbers for a square one. */
export type Matrix = Float64Array;

/** Numbers to read: a Matrix, or a vector of either precision. */
export interface ReadonlyMatrix {
  readonly length: number;
  readonly [index: number]: number;
}

/** Order of a square matrix. Throws a RangeError when the length is no square. */
export function orderOf(a: ReadonlyMatrix): number {
  const order = Math.floor(Math.sqrt(a.length) + 0.5);
  if (order * order !== a.length)
    throw new RangeError(`a square matrix has n^2 numbers, got ${a.length}: pass it row by row and in full`);
  return order;
}

export function identity(order: number, diagonal = 1): Matrix {
  const result = new Float64Array(order * order);
  for (let i = 0; i < order; i++) result[i * order + i] = diagonal;
  return result;
}

export function transpose(a: ReadonlyMatrix, columns: number): Matrix {
  const rows = a.length / columns;
  const result = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = a[i * columns + j]!;
  return result;
}

/** Product of a (rows x inner) and b (inner x columns). */
export function matrixProduct(a: ReadonlyMatrix, b: ReadonlyMatrix, inner: number): Matrix {
  const rows = a.length / inner;
  const columns = b.length / inner;
  if (!Number.isInteger(rows) || !Number.isInteger(columns))
    throw new RangeError(`matrices of ${a.length} and ${b.length} numbers share no inner length ${inner}`);
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!;
      for (let j = 0; j < columns; j++)
        result[i * columns + j] = result[i * columns + j]! + factor * b[k * columns + j]!;
    }
  return result;
}

/** a x. Writes into `into` when given, which must not be `x`. */
export function matrixVector(a: ReadonlyMatrix, x: ReadonlyMatrix, into?: Float64Array): Float64Array {
  const columns = x.length;
  const rows = a.length / columns;
  const result = into ?? new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += a[i * columns + j]! * x[j]!;
    result[i] = sum;
  }
  return result;
}

/** m a m^T for square matrices of one order. */
export function congruence(m: ReadonlyMatrix, a: ReadonlyMatrix): Matrix {
  const order = orderOf(m);
  return matrixProduct(matrixProduct(m, a, order), transpose(m, order), order);
}

export function trace(a: ReadonlyMatrix): number {
  const order = orderOf(a);
  let sum = 0;
  for (let i = 0; i < order; i++) sum += a[i * order + i]!;
  return sum;
}

function frobeniusNorm(a: ReadonlyMatrix): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * a[i]!;
  return Math.sqrt(sum);
}

/**
 * Lower triangular L with L L^T = a. Throws a RangeError when `a` is not positive definite to rounding. Reads the lower
 * triangle only.
 */
export function cholesky(a: ReadonlyMatrix): Matrix {
  const n = orderOf(a);
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      if (i !== j) lower[i * n + j] = sum / lower[j * n + j]!;
      else if (sum > 0) lower[i * n + i] = Math.sqrt(sum);
      else
        throw new RangeError(
          `Cholesky: expected a positive definite matrix of order ${n}, pivot ${i} is ${sum}; add a ridge or more examples`,
        );
    }
  return lower;
}

/** x with L L^T x = b, for L of `cholesky`. */
export function choleskySolve(lower: ReadonlyMatrix, b: ReadonlyMatrix): Float64Array {
  const n = orderOf(lower);
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i * n + k]! * x[k]!;
    x[i] = sum / lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= lower[k * n + i]! * x[k]!;
    x[i] = sum / lower[i * n + i]!;
  }
  return x;
}

/** Inverse of a positive definite matrix, exactly symmetric. */
export function symmetricInverse(a: ReadonlyMatrix): Matrix {
  const lower = cholesky(a);
  const n = orderOf(a);
  const result = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    unit.fill(0);
    unit[j] = 1;
    const column = choleskySolve(lower, unit);
    for (let i = j; i < n; i++) result[i * n + j] = result[j * n + i] = column[i]!;
  }
  return result;
}

/** X with a X = b, by elimination with row pivoting; b has any number of columns. Throws a RangeError when singular. */
export function linearSolve(a: ReadonlyMatrix, b: ReadonlyMatrix): Float64Array {
  const n = orderOf(a);
  const columns = b.length / n;
  const left = Float64Array.from(a as ArrayLike<number>);
  const x = Float64Array.from(b as ArrayLike<number>);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(left[i * n + k]!) > Math.abs(left[pivot * n + k]!)) pivot = i;
    if (!(Math.abs(left[pivot * n + k]!) > 0))
      throw new RangeError(`linear solve: the matrix of order ${n} is singular at column ${k}`);
    swapRows(left, n, k, pivot);
    swapRows(x, columns, k, pivot);
    for (let i = k + 1; i < n; i++) {
      const factor = left[i * n + k]! / left[k * n + k]!;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) left[i * n + j] = left[i * n + j]! - factor * left[k * n + j]!;
      for (let j = 0; j < columns; j++) x[i * columns + j] = x[i * columns + j]! - factor * x[k * columns + j]!;
    }
  }
  for (let i = n - 1; i >= 0; i--)
    for (let j = 0; j < columns; j++) {
      let sum = x[i * columns + j]!;
      for (let k = i + 1; k < n; k++) sum -= left[i * n + k]! * x[k * columns + j]!;
      x[i * columns + j] = sum / left[i * n + i]!;
    }
  return x;
}

function swapRows(a: Float64Array, columns: number, i: number, j: number): void {
  if (i === j) return;
  for (let k = 0; k < columns; k++) {
    const held = a[i * columns + k]!;
    a[i * columns + k] = a[j * columns + k]!;
    a[j * columns + k] = held;
  }
}

/** ln det of a positive definite matrix; `log` is the caller's natural logarithm of fixed bits. */
export function logDeterminant(a: ReadonlyMatrix, log: (x: number) => number): number {
  const n = orderOf(a);
  const lower = cholesky(a);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += 2 * log(lower[i * n + i]!);
  return sum;
}

export interface Eigensystem {
  /** Ascending. */
  readonly values: Float64Array;
  /** Column j belongs to values[j]; orthonormal. */
  readonly vectors: Matrix;
}

/** Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations. */
export function symmetricEigen(a: ReadonlyMatrix): Eigensystem {
  const n = orderOf(a);
  const work = Float64Array.from(a as ArrayLike<number>);
  const vectors = identity(n);
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += work[p * n + q]! * work[p * n + q]!;
    if (off === 0 || Math.sqrt(off) <= 1e-17 * frobeniusNorm(work)) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(work, vectors, n, p, q);
  }
  const ascending = Array.from({ length: n }, (_, i) => i).sort((i, j) => work[i * n + i]! - work[j * n + j]!);
  const values = new Float64Array(n);
  const sorted = new Float64Array(n * n);
  ascending.forEach((from, to) => {
    values[to] = work[from * n + from]!;
    for (let i = 0; i < n; i++) sorted[i * n + to] = vectors[i * n + from]!;
  });
  return { values, vectors: sorted };
}

/** One Jacobi rotation that makes entry (p, q) zero. */
function rotate(work: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const apq = work[p * n + q]!;
  if (apq === 0) return;
  const theta = (work[q * n + q]! - work[p * n + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const kp = work[k * n + p]!;
    const kq = work[k * n + q]!;
    work[k * n + p] = c * kp - s * kq;
    work[k * n + q] = s * kp + c * kq;
  }
  for (let k = 0; k < n; k++) {
    const pk = work[p * n + k]!;
    const qk = work[q * n + k]!;
    work[p * n + k] = c * pk - s * qk;
    work[q * n + k] = s * pk + c * qk;
    const vp = vectors[k * n + p]!;
    const vq = vectors[k * n + q]!;
    vectors[k * n + p] = c * vp - s * vq;
    vectors[k * n + q] = s * vp + c * vq;
  }
}

/** Symmetric square root of a positive semidefinite matrix; eigenvalues below zero by rounding count as zero. */
export function matrixSquareRoot(a: ReadonlyMatrix): Matrix {
  const n = orderOf(a);
  const { values, vectors } = symmetricEigen(a);
  const result = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const root = Math.sqrt(Math.max(values[k]!, 0));
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        result[i * n + j] = result[i * n + j]! + root * vectors[i * n + k]! * vectors[j * n + k]!;
  }
  return result;
}

/** Upper triangle row by row, n (n + 1) / 2 numbers: what a symmetric matrix costs on the wire. */
export function packSymmetric(a: ReadonlyMatrix): Float64Array {
  const n = orderOf(a);
  const packed = new Float64Array((n * (n + 1)) / 2);
  for (let i = 0, at = 0; i < n; i++) for (let j = i; j < n; j++) packed[at++] = a[i * n + j]!;
  return packed;
}

export function unpackSymmetric(packed: ReadonlyMatrix): Matrix {
  const n = Math.floor((Math.sqrt(8 * packed.length + 1) - 1) / 2 + 0.5);
  if ((n * (n + 1)) / 2 !== packed.length)
    throw new RangeError(`a packed symmetric matrix has n (n + 1) / 2 numbers, got ${packed.length}`);
  const a = new Float64Array(n * n);
  for (let i = 0, at = 0; i < n; i++) for (let j = i; j < n; j++) a[i * n + j] = a[j * n + i] = packed[at++]!;
  return a;
}
