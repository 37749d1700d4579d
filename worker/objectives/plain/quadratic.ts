import { GradswarmError } from '../../../protocol/errors.js';
import type { Objective, Precision, ReadonlyVector, Segment, Vector } from '../../../protocol/method.js';
import { squaredNorm, zeros } from '../../../protocol/numerics/vector.js';
import type { Evaluation, ObjectiveFamily } from '../family.js';
import { defineObjective, type ObjectiveDefinition, type ObjectiveRequest } from '../request.js';
import { clippingWeight } from './clipping-weight.js';
import {
  type Curvature,
  meanProblem,
  multiplyBy,
  multiplyInto,
  type QuadraticShard,
  shardsOf,
} from './quadratic-problem.js';
import { type QuadraticSettings, quadraticSettings } from './quadratic-settings.js';

/** A quadratic family also knows where its minimum is. */
export interface QuadraticFamily extends ObjectiveFamily {
  /** Minimiser of the mean over all clients, in float64. */
  readonly optimum: Float64Array;
  readonly shards: readonly QuadraticShard[];
}

/** What the objectives of one family share: working memory for one call at a time. */
interface Workspace {
  readonly dimension: number;
  readonly offset: Float64Array;
  readonly product: Float64Array;
}

/** f_i(x) = mean over its examples of (x - c)^T A (x - c) / 2. The mean over an empty batch is 0. */
class QuadraticObjective implements Objective {
  readonly exampleCount: number;

  constructor(
    readonly segments: readonly Segment[],
    private readonly shard: QuadraticShard,
    private readonly workspace: Workspace,
    private readonly precision: Precision,
  ) {
    this.exampleCount = shard.centres.length / workspace.dimension;
  }

  private get dimension(): number {
    return this.workspace.dimension;
  }

  loss(params: ReadonlyVector, batch: Uint32Array): number {
    const { offset, product, dimension } = this.workspace;
    let sum = 0;
    for (const index of batch) {
      const row = index * dimension;
      for (let j = 0; j < dimension; j++) offset[j] = params[j]! - this.shard.centres[row + j]!;
      multiplyBy(this.shard, product, offset);
      for (let j = 0; j < dimension; j++) sum += 0.5 * offset[j]! * product[j]!;
    }
    return batch.length === 0 ? 0 : sum / batch.length;
  }

  gradient(params: ReadonlyVector, batch: Uint32Array, into = zeros(this.dimension, this.precision)): Vector {
    const { offset, product, dimension } = this.workspace;
    const { centres } = this.shard;
    offset.fill(0);
    for (let i = 0; i < batch.length; i++) {
      const row = batch[i]! * dimension;
      for (let j = 0; j < dimension; j++) offset[j]! += params[j]! - centres[row + j]!;
    }
    if (batch.length > 1) for (let j = 0; j < dimension; j++) offset[j]! /= batch.length;
    multiplyBy(this.shard, product, offset);
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
    const { offset, product, dimension } = this.workspace;
    const sums = new Float64Array(dimension);
    for (const index of batch) {
      const row = index * dimension;
      for (let j = 0; j < dimension; j++) offset[j] = params[j]! - this.shard.centres[row + j]!;
      multiplyBy(this.shard, product, offset);
      const weight = clippingWeight(squaredNorm(product), radius);
      if (weight > 0) for (let j = 0; j < dimension; j++) sums[j]! += weight * product[j]!;
    }
    const result = zeros(dimension, this.precision);
    result.set(sums);
    return result;
  }

  /** Every example's difference is A (params - previous): the centres cancel. */
  clippedDifferenceSum(params: ReadonlyVector, previous: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    const { offset, product, dimension } = this.workspace;
    const result = zeros(dimension, this.precision);
    for (let j = 0; j < dimension; j++) offset[j] = params[j]! - previous[j]!;
    multiplyBy(this.shard, product, offset);
    const weight = batch.length * clippingWeight(squaredNorm(product), radius);
    if (weight > 0) for (let j = 0; j < dimension; j++) result[j] = weight * product[j]!;
    return result;
  }
}

/** Quadratics: client i minimises (x - c_i)^T A_i (x - c_i) / 2 and the run the mean over clients, whose optimum is known exactly. */
export const quadratic = {
  name: 'quadratic',
  summary: 'Client i minimises (x - c_i)^T A_i (x - c_i) / 2; the optimum is known',
  settings: quadraticSettings,
  create(settings: QuadraticSettings, request: ObjectiveRequest): QuadraticFamily {
    const { dimension } = settings;
    for (const key of ['matrices', 'centres'] as const)
      if (settings[key].length > 0 && settings[key].length !== request.clientCount)
        throw new GradswarmError(
          'ERR_OBJECTIVE',
          `objective 'quadratic': ${key}: expected one for each of the ${request.clientCount} clients (or none), got ${settings[key].length}`,
        );
    const segments = [{ name: 'x', module: 'x', offset: 0, shape: [dimension] }];
    const { clientCount } = request;
    const workspace = { dimension, offset: new Float64Array(dimension), product: new Float64Array(dimension) };
    const shardOf = shardsOf(settings, request);
    const { curvature, optimum } = meanProblem(settings, clientCount, shardOf);
    return {
      segments,
      parameterCount: dimension,
      optimum,
      get shards() {
        return Array.from({ length: clientCount }, (_, client) => shardOf(client));
      },
      initialParams: () => zeros(dimension, request.precision).fill(settings.initialValue),
      shard(_examples, client) {
        if (client === undefined || !(client >= 0 && client < clientCount))
          throw new GradswarmError(
            'ERR_OBJECTIVE',
            `objective 'quadratic': expected a client index below ${clientCount}, got ${client}`,
          );
        return new QuadraticObjective(segments, shardOf(client), workspace, request.precision);
      },
      evaluate: (estimates) => excess(curvature, optimum, estimates),
      tensorCount: () => 0,
    };
  },
} satisfies ObjectiveDefinition<QuadraticSettings>;

export default defineObjective(quadratic);

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
