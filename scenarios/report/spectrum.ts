import { denseRows, type MixingMatrix } from '../../protocol/topology/mixing-matrix.js';

/** Largest number of nodes whose spectrum is computed: the work grows with its cube (about a second at the limit). */
const SPECTRUM_NODES = 512;

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** offDiagonal[i] links i - 1 and i; entry 0 is 0. */
  readonly offDiagonal: Float64Array;
}

/** Reduces a symmetric matrix, in place, to a tridiagonal one of equal eigenvalues by Householder reflections. */
function tridiagonalize(rows: Float64Array[]): Tridiagonal {
  const size = rows.length;
  const diagonal = new Float64Array(size);
  const offDiagonal = new Float64Array(size);
  const reflector = new Float64Array(size);
  const image = new Float64Array(size);
  for (let last = size - 1; last >= 1; last--) {
    const row = rows[last]!;
    diagonal[last] = row[last]!;
    let squares = 0;
    for (let k = 0; k < last - 1; k++) squares += row[k]! * row[k]!;
    const pivot = row[last - 1]!;
    if (squares === 0) {
      offDiagonal[last] = pivot;
      continue;
    }
    const length = Math.sqrt(squares + pivot * pivot);
    const head = pivot > 0 ? -length : length;
    offDiagonal[last] = head;
    // v = row - head e_{last-1}; the reflection I - v v^T / half takes the row onto the last axis.
    for (let k = 0; k < last - 1; k++) reflector[k] = row[k]!;
    reflector[last - 1] = pivot - head;
    const half = head * head - head * pivot;
    let overlap = 0;
    for (let i = 0; i < last; i++) {
      const inner = rows[i]!;
      let sum = 0;
      for (let j = 0; j < last; j++) sum += inner[j]! * reflector[j]!;
      image[i] = sum / half;
      overlap += image[i]! * reflector[i]!;
    }
    const correction = overlap / (2 * half);
    for (let i = 0; i < last; i++) image[i] = image[i]! - correction * reflector[i]!;
    for (let i = 0; i < last; i++) {
      const inner = rows[i]!;
      const v = reflector[i]!;
      const p = image[i]!;
      for (let j = 0; j < last; j++) inner[j] = inner[j]! - v * image[j]! - p * reflector[j]!;
    }
  }
  diagonal[0] = rows[0]![0]!;
  return { diagonal, offDiagonal };
}

/** How many eigenvalues lie below `bound` (Sturm sequence). */
function countBelow({ diagonal, offDiagonal }: Tridiagonal, bound: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    const link = offDiagonal[i]!;
    pivot = diagonal[i]! - bound - (i === 0 ? 0 : (link * link) / pivot);
    if (pivot === 0) pivot = -1e-300;
    if (pivot < 0) count++;
  }
  return count;
}

/** The eigenvalue with exactly `index` others below it, by bisection to the last bit of float64. */
function eigenvalueAt(matrix: Tridiagonal, index: number, radius: number): number {
  let low = -radius;
  let high = radius;
  for (;;) {
    const middle = 0.5 * (low + high);
    if (middle <= low || middle >= high || high - low < radius * (Number.EPSILON / 16)) return middle;
    if (countBelow(matrix, middle) > index) high = middle;
    else low = middle;
  }
}

/** A bound on every eigenvalue's magnitude (Gershgorin), and above 0. */
function gershgorinRadius({ diagonal, offDiagonal }: Tridiagonal): number {
  let radius = 0;
  for (let i = 0; i < diagonal.length; i++)
    radius = Math.max(radius, Math.abs(diagonal[i]!) + Math.abs(offDiagonal[i]!) + Math.abs(offDiagonal[i + 1] ?? 0));
  return radius === 0 ? 1 : radius * (1 + 1e-12);
}

function checkSize(nodeCount: number): void {
  if (nodeCount > SPECTRUM_NODES)
    throw new RangeError(`spectrum: expected at most ${SPECTRUM_NODES} nodes, got ${nodeCount}`);
}

function isSymmetric(rows: readonly Float64Array[]): boolean {
  for (let i = 0; i < rows.length; i++) for (let j = 0; j < i; j++) if (rows[i]![j] !== rows[j]![i]) return false;
  return true;
}

/** All eigenvalues of a symmetric mixing matrix, ascending, to about 1e-14. Throws RangeError for another one. */
export function eigenvalues(matrix: MixingMatrix): Float64Array {
  checkSize(matrix.nodeCount);
  const rows = denseRows(matrix);
  if (!isSymmetric(rows)) throw new RangeError('eigenvalues: expected a symmetric mixing matrix');
  const reduced = tridiagonalize(rows);
  const radius = gershgorinRadius(reduced);
  return Float64Array.from(rows, (_, index) => eigenvalueAt(reduced, index, radius));
}

/** [[0, A], [A^T, 0]]: its eigenvalues are the singular values of A and their negatives, free of squared rounding. */
function augmented(rows: readonly Float64Array[]): Float64Array[] {
  const size = rows.length;
  const result = Array.from({ length: 2 * size }, () => new Float64Array(2 * size));
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      result[i]![size + j] = rows[i]![j]!;
      result[size + j]![i] = rows[i]![j]!;
    }
  return result;
}

/**
 * rho = |W - J|_2, J the matrix of all 1/n: the largest factor by which one round of mixing multiplies the distance to the
 * mean. Absolute error about 1e-14 (Householder reduction, bisection). Throws RangeError beyond SPECTRUM_NODES nodes.
 */
export function contractionFactor(matrix: MixingMatrix): number {
  checkSize(matrix.nodeCount);
  const rows = denseRows(matrix);
  const symmetric = isSymmetric(rows);
  const mean = 1 / matrix.nodeCount;
  for (const row of rows) for (let j = 0; j < row.length; j++) row[j] = row[j]! - mean;
  const reduced = tridiagonalize(symmetric ? rows : augmented(rows));
  const radius = gershgorinRadius(reduced);
  const largest = eigenvalueAt(reduced, reduced.diagonal.length - 1, radius);
  return symmetric ? Math.max(largest, -eigenvalueAt(reduced, 0, radius)) : largest;
}

/** 1 - rho. */
export function spectralGap(matrix: MixingMatrix): number {
  return 1 - contractionFactor(matrix);
}
