import { GradswarmError } from '../../../protocol/errors.js';
import type { Rng, Vector } from '../../../protocol/method.js';
import { exp, log } from '../../../protocol/numerics/elementary.js';
import { squaredNorm } from '../../../protocol/numerics/vector.js';
import { openRowLoops, type RowLoops } from '../log-posterior/simd/row-loops.js';
import type { ObjectiveRequest } from '../request.js';
import type { QuadraticSettings } from './quadratic-settings.js';

/** Quadratic problems as data: how they are drawn, and where their minimum is. */

/** A symmetric matrix: its diagonal (length d), or all of it row by row (length d^2). */
export type Curvature = Float64Array;

/** One client's share of the problem. `centres`: one row of d numbers an example; their mean is the client's own minimiser. */
export interface QuadraticShard {
  readonly curvature: Curvature;
  readonly centres: Float64Array;
  /** The matrix's rows in the memory of loops, `first` and those after it. Left out: multiplied by plain loops. */
  readonly rows?: { readonly loops: RowLoops; readonly first: number };
}

/** into = A v. */
export function multiplyInto(into: Float64Array, curvature: Curvature, v: Float64Array): void {
  const d = v.length;
  if (curvature.length === d) {
    for (let j = 0; j < d; j++) into[j] = curvature[j]! * v[j]!;
    return;
  }
  for (let j = 0, at = 0; j < d; j++) {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += curvature[at++]! * v[k]!;
    into[j] = sum;
  }
}

/** into = A v with the client's matrix. */
export function multiplyBy({ curvature, rows }: QuadraticShard, into: Float64Array, v: Float64Array): void {
  if (!rows) return multiplyInto(into, curvature, v);
  const { loops, first } = rows;
  const { numbers, indices, block } = loops;
  loops.weights.set(v);
  for (let at = 0; at < v.length; at += block) {
    const n = Math.min(block, v.length - at);
    for (let r = 0; r < n; r++) indices[r] = first + at + r;
    loops.products(n);
    for (let r = 0; r < n; r++) into[at + r] = numbers[r]!;
  }
}

/** Eigenvalues: the smallest, the largest, and between them draws uniform in the logarithm, in random order. */
function drawCurvature(settings: QuadraticSettings, rng: Rng): Curvature {
  const { dimension: d, smallestEigenvalue, largestEigenvalue } = settings;
  const order = rng.permutation(d);
  const eigenvalues = new Float64Array(d);
  const reach = log(largestEigenvalue / smallestEigenvalue);
  for (let j = 0; j < d; j++) {
    const share = j === 0 ? 1 : j === 1 ? 0 : rng.uniform();
    eigenvalues[order[j]!] = share === 1 ? largestEigenvalue : smallestEigenvalue * exp(reach * share);
  }
  if (settings.curvature === 'diagonal') return eigenvalues;
  const matrix = new Float64Array(d * d);
  for (let j = 0; j < d; j++) matrix[j * d + j] = eigenvalues[j]!;
  for (let k = 0; k < d; k++) reflect(matrix, rng.normal(d));
  return matrix;
}

/** matrix = H matrix H with H = I - 2 v v^T / |v|^2: keeps eigenvalues, and d random ones leave no preferred direction. */
function reflect(matrix: Float64Array, v: Vector): void {
  const d = v.length;
  const factor = 2 / squaredNorm(v);
  const image = new Float64Array(d);
  let middle = 0;
  for (let j = 0; j < d; j++) {
    for (let k = 0; k < d; k++) image[j]! += matrix[j * d + k]! * v[k]!;
    middle += v[j]! * image[j]!;
  }
  // H A H = A - f (v a^T + a v^T) + f^2 (v^T A v) v v^T with a = A v; written symmetric in j and k, so the result is.
  for (let j = 0; j < d; j++)
    for (let k = 0; k < d; k++)
      matrix[j * d + k]! -= factor * (v[j]! * image[k]! + image[j]! * v[k]! - factor * middle * (v[j]! * v[k]!));
}

/** Rows around `centre`, moved so that their mean is `centre`. */
function drawCentres(centre: Float64Array, settings: QuadraticSettings, rng: Rng): Float64Array {
  const { dimension: d, examples, exampleSpread } = settings;
  const rows = new Float64Array(examples * d);
  if (exampleSpread > 0) {
    rows.set(rng.normal(examples * d));
    for (let j = 0; j < d; j++) {
      let mean = 0;
      for (let i = 0; i < examples; i++) mean += rows[i * d + j]! / examples;
      for (let i = 0; i < examples; i++) rows[i * d + j]! -= mean;
    }
  }
  for (let i = 0; i < examples; i++)
    for (let j = 0; j < d; j++) rows[i * d + j] = centre[j]! + exampleSpread * rows[i * d + j]!;
  return rows;
}

function notPositiveDefinite(): GradswarmError {
  return new GradswarmError(
    'ERR_OBJECTIVE',
    "objective 'quadratic': the mean of the matrices is not positive definite, so there is no minimum",
  );
}

function divide(right: Float64Array, diagonal: Float64Array): Float64Array {
  if (!diagonal.every((eigenvalue) => eigenvalue > 0)) throw notPositiveDefinite();
  return right.map((value, j) => value / diagonal[j]!);
}

/** Solves A x = b for a symmetric positive definite A, by Cholesky's factorisation; destroys A. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const d = right.length;
  const x = right.slice();
  for (let j = 0; j < d; j++) {
    for (let k = 0; k <= j; k++) {
      let sum = matrix[j * d + k]!;
      for (let m = 0; m < k; m++) sum -= matrix[j * d + m]! * matrix[k * d + m]!;
      if (k < j) matrix[j * d + k] = sum / matrix[k * d + k]!;
      else if (sum > 0) matrix[j * d + j] = Math.sqrt(sum);
      else throw notPositiveDefinite();
    }
  }
  for (let j = 0; j < d; j++) {
    for (let m = 0; m < j; m++) x[j]! -= matrix[j * d + m]! * x[m]!;
    x[j]! /= matrix[j * d + j]!;
  }
  for (let j = d - 1; j >= 0; j--) {
    for (let m = j + 1; m < d; m++) x[j]! -= matrix[m * d + j]! * x[m]!;
    x[j]! /= matrix[j * d + j]!;
  }
  return x;
}

/** One client's share, drawn from its own stream or given in the settings. */
function drawShard(settings: QuadraticSettings, request: ObjectiveRequest, client: number): QuadraticShard {
  const { dimension: d } = settings;
  const rng = request.rng.derive('quadratic', client);
  const own = settings.sameCurvature ? request.rng.derive('quadratic', 0) : rng;
  const given = settings.matrices[client];
  const curvature = given ? Float64Array.from(given) : drawCurvature(settings, own.derive('curvature'));
  const givenCentre = settings.centres[client];
  const centre = new Float64Array(d);
  if (givenCentre) centre.set(givenCentre);
  else {
    centre.set(rng.derive('centre').normal(d));
    for (let j = 0; j < d; j++) centre[j]! *= settings.centreSpread;
  }
  return { curvature, centres: drawCentres(centre, settings, rng.derive('examples')) };
}

/** Up to so many clients' shares are kept; others are drawn again at each use. */
const KEPT_CLIENTS = 10_000;

/** A client's share of the problem. */
export function shardsOf(settings: QuadraticSettings, request: ObjectiveRequest): (client: number) => QuadraticShard {
  const draw = (client: number) => drawShard(settings, request, client);
  if (request.clientCount > KEPT_CLIENTS) return draw;
  const { dimension: d, matrices } = settings;
  const full = matrices.length > 0 ? matrices.every(({ length }) => length > d) : settings.curvature !== 'diagonal';
  const loops = full ? openRowLoops(request.clientCount * d, d) : null;
  const kept = Array.from({ length: request.clientCount }, (_, client) => {
    const shard = draw(client);
    if (!loops) return shard;
    const first = client * d;
    const curvature = loops.values.subarray(first * d, (first + d) * d);
    curvature.set(shard.curvature);
    return { ...shard, curvature, rows: { loops, first } };
  });
  return (client) => kept[client]!;
}

/** Mean curvature (1/N) sum A_i, and the optimum x with (mean curvature) x = (1/N) sum A_i c_i. */
export function meanProblem(
  { dimension: d, curvature: form, matrices }: QuadraticSettings,
  clientCount: number,
  shardOf: (client: number) => QuadraticShard,
): { curvature: Curvature; optimum: Float64Array } {
  const diagonal = matrices.length > 0 ? matrices.every(({ length }) => length === d) : form === 'diagonal' || d === 1;
  const mean = new Float64Array(diagonal ? d : d * d);
  const right = new Float64Array(d);
  const centre = new Float64Array(d);
  const product = new Float64Array(d);
  for (let client = 0; client < clientCount; client++) {
    const { curvature, centres } = shardOf(client);
    const stride = curvature.length === mean.length ? 1 : d + 1;
    for (let j = 0; j < curvature.length; j++) mean[j * stride]! += curvature[j]! / clientCount;
    const count = centres.length / d;
    centre.fill(0);
    for (let i = 0; i < centres.length; i++) centre[i % d]! += centres[i]! / count;
    multiplyInto(product, curvature, centre);
    for (let j = 0; j < d; j++) right[j]! += product[j]! / clientCount;
  }
  return { curvature: mean, optimum: diagonal ? divide(right, mean) : solve(mean.slice(), right) };
}
