import type { Objective, Precision, ReadonlyVector, Rng, Segment, Vector } from '../../protocol/method.js';
import { exp, log } from '../../protocol/numerics/elementary.js';
import { squaredNorm, zeros } from '../../protocol/numerics/vector.js';
import { GradswarmError } from '../../protocol/wire/error-codes.js';
import { clippingWeight } from './dense-objective.js';
import type { Evaluation, ObjectiveFamily } from './family.js';
import type { ObjectiveDefinition, ObjectiveRequest } from './request.js';

/** A symmetric matrix: its diagonal (length d), or all of it row by row (length d^2). */
type Curvature = Float64Array;

/** One client's share of the problem. `centres`: one row of d numbers an example; their mean is the client's own minimiser. */
interface QuadraticShard {
  readonly curvature: Curvature;
  readonly centres: Float64Array;
}

/** A quadratic family also knows where its minimum is. */
export interface QuadraticFamily extends ObjectiveFamily {
  /** Minimiser of the mean over all clients, in float64. */
  readonly optimum: Float64Array;
  readonly shards: readonly QuadraticShard[];
}

export interface QuadraticSettings {
  readonly dimension: number;
  /** 'diagonal', or 'full' for eigenvectors in random directions, each client its own. */
  readonly curvature: string;
  readonly smallestEigenvalue: number;
  readonly largestEigenvalue: number;
  /** All clients have client 0's curvature. */
  readonly sameCurvature: boolean;
  /** Standard deviation, per coordinate, of the clients' centres around 0. */
  readonly centreSpread: number;
  /** Examples a client has. */
  readonly examples: number;
  /** Standard deviation, per coordinate, of a client's examples around its centre: the noise of minibatches. */
  readonly exampleSpread: number;
  /** Given instead of drawn: for each client its diagonal (d numbers) or its matrix (d^2 numbers, row by row). */
  readonly matrices: readonly (readonly number[])[];
  /** Given instead of drawn: for each client d numbers. */
  readonly centres: readonly (readonly number[])[];
  /** Every coordinate of the initial parameters. */
  readonly initialValue: number;
}

/** into = A v. */
function multiplyInto(into: Float64Array, curvature: Curvature, v: Float64Array): void {
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

/** f_i(x) = mean over its examples of (x - c)^T A (x - c) / 2. The mean over an empty batch is 0. */
class QuadraticObjective implements Objective {
  readonly exampleCount: number;
  private readonly offset: Float64Array;
  private readonly product: Float64Array;

  constructor(
    readonly segments: readonly Segment[],
    private readonly shard: QuadraticShard,
    private readonly dimension: number,
    private readonly precision: Precision,
  ) {
    this.exampleCount = shard.centres.length / dimension;
    this.offset = new Float64Array(dimension);
    this.product = new Float64Array(dimension);
  }

  loss(params: ReadonlyVector, batch: Uint32Array): number {
    const { offset, product, dimension } = this;
    let sum = 0;
    for (const index of batch) {
      const row = index * dimension;
      for (let j = 0; j < dimension; j++) offset[j] = params[j]! - this.shard.centres[row + j]!;
      multiplyInto(product, this.shard.curvature, offset);
      for (let j = 0; j < dimension; j++) sum += 0.5 * offset[j]! * product[j]!;
    }
    return batch.length === 0 ? 0 : sum / batch.length;
  }

  gradient(params: ReadonlyVector, batch: Uint32Array, into = zeros(this.dimension, this.precision)): Vector {
    const { offset, product, dimension } = this;
    const { centres, curvature } = this.shard;
    offset.fill(0);
    for (let i = 0; i < batch.length; i++) {
      const row = batch[i]! * dimension;
      for (let j = 0; j < dimension; j++) offset[j]! += params[j]! - centres[row + j]!;
    }
    if (batch.length > 1) for (let j = 0; j < dimension; j++) offset[j]! /= batch.length;
    multiplyInto(product, curvature, offset);
    into.set(product);
    return into;
  }

  /** The same bits as params = addScaled(params, -rate, gradient(params, batch)) for each batch. */
  descend(
    params: ReadonlyVector,
    batches: readonly Uint32Array[],
    rate: number,
    into = zeros(this.dimension, this.precision),
  ): Vector {
    if (into !== params) into.set(params as Vector);
    const gradient = zeros(this.dimension, this.precision);
    for (const batch of batches) {
      this.gradient(into, batch, gradient);
      for (let j = 0; j < into.length; j++) into[j] = into[j]! - rate * gradient[j]!;
    }
    return into;
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncGenerator<ReadonlyVector> {
    for (const index of batch) yield this.gradient(params, Uint32Array.of(index));
  }

  clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    const { offset, product, dimension } = this;
    const sums = new Float64Array(dimension);
    for (const index of batch) {
      const row = index * dimension;
      for (let j = 0; j < dimension; j++) offset[j] = params[j]! - this.shard.centres[row + j]!;
      multiplyInto(product, this.shard.curvature, offset);
      const weight = clippingWeight(squaredNorm(product), radius);
      if (weight > 0) for (let j = 0; j < dimension; j++) sums[j]! += weight * product[j]!;
    }
    const result = zeros(dimension, this.precision);
    result.set(sums);
    return result;
  }

  /** Every example's difference is A (params - previous): the centres cancel. */
  clippedDifferenceSum(params: ReadonlyVector, previous: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    const { offset, product, dimension } = this;
    const result = zeros(dimension, this.precision);
    for (let j = 0; j < dimension; j++) offset[j] = params[j]! - previous[j]!;
    multiplyInto(product, this.shard.curvature, offset);
    const weight = batch.length * clippingWeight(squaredNorm(product), radius);
    if (weight > 0) for (let j = 0; j < dimension; j++) result[j] = weight * product[j]!;
    return result;
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
      else
        throw new GradswarmError(
          'ERR_OBJECTIVE',
          "objective 'quadratic': the mean of the matrices is not positive definite, so there is no minimum",
        );
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

function drawShards(settings: QuadraticSettings, request: ObjectiveRequest): QuadraticShard[] {
  const { dimension: d } = settings;
  return Array.from({ length: request.clientCount }, (_, client) => {
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
  });
}

/** Mean curvature and its product with the optimum: (1/N) sum A_i and (1/N) sum A_i c_i. */
function meanProblem(shards: readonly QuadraticShard[], d: number): { curvature: Curvature; optimum: Float64Array } {
  const diagonal = shards.every(({ curvature }) => curvature.length === d);
  const mean = new Float64Array(diagonal ? d : d * d);
  const right = new Float64Array(d);
  const centre = new Float64Array(d);
  const product = new Float64Array(d);
  for (const { curvature, centres } of shards) {
    const stride = curvature.length === mean.length ? 1 : d + 1;
    for (let j = 0; j < curvature.length; j++) mean[j * stride]! += curvature[j]! / shards.length;
    const count = centres.length / d;
    centre.fill(0);
    for (let i = 0; i < centres.length; i++) centre[i % d]! += centres[i]! / count;
    multiplyInto(product, curvature, centre);
    for (let j = 0; j < d; j++) right[j]! += product[j]! / shards.length;
  }
  if (!diagonal) return { curvature: mean, optimum: solve(mean.slice(), right) };
  const square = new Float64Array(d * d);
  for (let j = 0; j < d; j++) square[j * d + j] = mean[j]!;
  return { curvature: mean, optimum: solve(square, right) };
}

function checkQuadratic(settings: QuadraticSettings): string | null {
  const { dimension, examples, smallestEigenvalue, largestEigenvalue, curvature } = settings;
  if (!(Number.isInteger(dimension) && dimension > 0))
    return `dimension: expected a positive integer, got ${dimension}`;
  if (!(Number.isInteger(examples) && examples > 0)) return `examples: expected a positive integer, got ${examples}`;
  if (!(smallestEigenvalue > 0 && largestEigenvalue >= smallestEigenvalue && Number.isFinite(largestEigenvalue)))
    return `eigenvalues: expected 0 < smallestEigenvalue <= largestEigenvalue, got ${smallestEigenvalue} and ${largestEigenvalue}`;
  if (curvature !== 'diagonal' && curvature !== 'full')
    return `curvature: expected 'diagonal' or 'full', got '${curvature}'`;
  for (const matrix of settings.matrices) {
    if (matrix.length !== dimension && matrix.length !== dimension * dimension)
      return `matrices: expected ${dimension} (diagonal) or ${dimension * dimension} numbers each, got ${matrix.length}`;
    if (matrix.length > dimension)
      for (let j = 0; j < matrix.length; j++)
        if (matrix[j] !== matrix[(j % dimension) * dimension + Math.floor(j / dimension)])
          return `matrices: expected symmetric matrices, entry ${j} differs from its mirror image`;
  }
  const wrong = settings.centres.find((centre) => centre.length !== dimension);
  return wrong ? `centres: expected ${dimension} numbers each, got ${wrong.length}` : null;
}

/** Quadratics: client i minimises (x - c_i)^T A_i (x - c_i) / 2 and the run the mean over clients, whose optimum is known exactly. */
export const quadratic: ObjectiveDefinition<QuadraticSettings> & {
  create(settings: QuadraticSettings, request: ObjectiveRequest): QuadraticFamily;
} = {
  defaults: {
    dimension: 10,
    curvature: 'diagonal',
    smallestEigenvalue: 1,
    largestEigenvalue: 10,
    sameCurvature: false,
    centreSpread: 1,
    examples: 1,
    exampleSpread: 0,
    matrices: [],
    centres: [],
    initialValue: 0,
  },
  check: checkQuadratic,
  create(settings, request) {
    const { dimension } = settings;
    for (const key of ['matrices', 'centres'] as const)
      if (settings[key].length > 0 && settings[key].length !== request.clientCount)
        throw new GradswarmError(
          'ERR_OBJECTIVE',
          `objective 'quadratic': ${key}: expected one for each of the ${request.clientCount} clients (or none), got ${settings[key].length}`,
        );
    const segments = [{ name: 'x', module: 'x', offset: 0, shape: [dimension] }];
    const shards = drawShards(settings, request);
    const { curvature, optimum } = meanProblem(shards, dimension);
    return {
      segments,
      parameterCount: dimension,
      optimum,
      shards,
      initialParams: () => zeros(dimension, request.precision).fill(settings.initialValue),
      shard(_examples, client) {
        const shard = client === undefined ? undefined : shards[client];
        if (!shard)
          throw new GradswarmError(
            'ERR_OBJECTIVE',
            `objective 'quadratic': expected a client index below ${shards.length}, got ${client}`,
          );
        return new QuadraticObjective(segments, shard, dimension, request.precision);
      },
      evaluate: (estimates) => excess(curvature, optimum, estimates),
      tensorCount: () => 0,
    };
  },
};

/** f(x) - f(optimum) at the mean of the estimates, written as a square around the optimum, so that it never cancels. */
function excess(curvature: Curvature, optimum: Float64Array, estimates: readonly ReadonlyVector[]): Evaluation {
  const offset = new Float64Array(optimum.length);
  for (const estimate of estimates)
    for (let j = 0; j < offset.length; j++) offset[j]! += (estimate[j]! - optimum[j]!) / estimates.length;
  const product = new Float64Array(optimum.length);
  multiplyInto(product, curvature, offset);
  let sum = 0;
  for (let j = 0; j < offset.length; j++) sum += 0.5 * offset[j]! * product[j]!;
  return { loss: sum, accuracy: null };
}
