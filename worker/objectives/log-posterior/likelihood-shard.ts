import type { GaussianFactor } from '../../../protocol/bayesian/conjugate.js';
import { marginalFactor } from '../../../protocol/bayesian/conjugate.js';
import { GradswarmError } from '../../../protocol/errors.js';
import type { LogPosterior, Precision, ReadonlyVector, Rng, Segment, Vector } from '../../../protocol/method.js';
import { matrixVector } from '../../../protocol/numerics/linear-algebra.js';
import { precisionOf, zeros, zerosLike } from '../../../protocol/numerics/vector.js';
import { addClipped } from '../../../protocol/privacy/mechanisms/clipping.js';
import type { Dataset } from '../../datasets/dataset.js';

/** What a log-posterior family is built from. `rng` is the same for every process of the run. */
export interface LogPosteriorContext<Settings> {
  readonly dataset: Dataset;
  readonly settings: Settings;
  readonly precision: Precision;
  /** S: shards that share the prior, one a client. */
  readonly clientCount: number;
  readonly rng: Rng;
}

/** N(0, variance I). */
export interface IsotropicPrior {
  readonly variance: number;
  /** Precision that one of the S shards carries when the prior is split to make local fits proper: 1 / (variance S). */
  readonly share: number;
}

/** Throws ERR_OBJECTIVE unless the variance is positive and finite. */
export function isotropicPrior(variance: number, clientCount: number, who: string): IsotropicPrior {
  if (!(variance > 0 && Number.isFinite(variance)))
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `${who}: priorVariance must be a positive number, got ${variance}; a flat prior can leave the posterior improper`,
    );
  return { variance, share: 1 / (variance * clientCount) };
}

/** Is the batch the whole shard, each example once? Batches drawn by the run list a whole shard in order. */
function isWholeShard(batch: Uint32Array, exampleCount: number): boolean {
  if (batch.length !== exampleCount) return false;
  for (let i = 0; i < exampleCount; i++) if (batch[i] !== i) return false;
  return true;
}

/**
 * A shard's likelihood factor under the prior N(0, variance I), from the loss and gradient of one example. Sums are
 * float64 in batch order; results have the precision of the parameters. An empty batch has loss 0 and gradient 0.
 */
export abstract class LikelihoodShard implements LogPosterior {
  private readonly sums: Float64Array;
  private readonly one: Float64Array;
  private readonly other: Float64Array;
  private wholeBatch: Uint32Array | null = null;

  protected constructor(
    readonly exampleCount: number,
    readonly segments: readonly Segment[],
    protected readonly parameterCount: number,
    protected readonly prior: IsotropicPrior,
    protected readonly precision: Precision,
  ) {
    this.sums = new Float64Array(parameterCount);
    this.one = new Float64Array(parameterCount);
    this.other = new Float64Array(parameterCount);
  }

  /** Negative log-likelihood of one example, in nats, with all constants. `example` counts within the shard. */
  protected abstract exampleLoss(params: ReadonlyVector, example: number): number;
  /** into += factor * gradient of `exampleLoss`. */
  protected abstract addExampleGradient(
    params: ReadonlyVector,
    example: number,
    factor: number,
    into: Float64Array,
  ): void;
  /**
   * Gaussian approximation of the likelihood factor: exact where it is Gaussian, else its expansion at `point`, or at a mode
   * of the shard.
   */
  protected abstract factor(point?: ReadonlyVector): GaussianFactor;

  loss(params: ReadonlyVector, batch: Uint32Array): number {
    let sum = 0;
    for (let i = 0; i < batch.length; i++) sum += this.exampleLoss(params, batch[i]!);
    return batch.length === 0 ? 0 : sum / batch.length;
  }

  gradient(params: ReadonlyVector, batch: Uint32Array, into?: Vector): Vector {
    const { sums } = this;
    sums.fill(0);
    this.addBatchGradient(params, batch, sums);
    const result = into ?? zerosLike(params);
    const factor = batch.length === 0 ? 0 : 1 / batch.length;
    for (let i = 0; i < sums.length; i++) result[i] = factor * sums[i]!;
    return result;
  }

  /** As `isWholeShard`; the batch last found whole is known again by identity, so it must not be changed. */
  protected isWhole(batch: Uint32Array): boolean {
    if (batch === this.wholeBatch) return true;
    if (!isWholeShard(batch, this.exampleCount)) return false;
    this.wholeBatch = batch;
    return true;
  }

  /** sums += sum of the batch's gradients. Families with a faster form for a whole shard override it. */
  protected addBatchGradient(params: ReadonlyVector, batch: Uint32Array, sums: Float64Array): void {
    for (let i = 0; i < batch.length; i++) this.addExampleGradient(params, batch[i]!, 1, sums);
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncIterable<ReadonlyVector> {
    for (const example of batch) {
      const gradient = new Float64Array(this.parameterCount);
      this.addExampleGradient(params, example, 1, gradient);
      if (precisionOf(params) === 'float64') yield gradient;
      else yield Float32Array.from(gradient);
    }
  }

  clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    this.sums.fill(0);
    for (let i = 0; i < batch.length; i++) {
      this.one.fill(0);
      this.addExampleGradient(params, batch[i]!, 1, this.one);
      addClipped(this.sums, this.one, radius);
    }
    return rounded(this.sums, params);
  }

  clippedDifferenceSum(params: ReadonlyVector, previous: ReadonlyVector, batch: Uint32Array, radius: number): Vector {
    this.sums.fill(0);
    for (let i = 0; i < batch.length; i++) {
      this.one.fill(0);
      this.other.fill(0);
      this.addExampleGradient(params, batch[i]!, 1, this.one);
      this.addExampleGradient(previous, batch[i]!, 1, this.other);
      for (let k = 0; k < this.one.length; k++) this.one[k] = this.one[k]! - this.other[k]!;
      addClipped(this.sums, this.one, radius);
    }
    return rounded(this.sums, params);
  }

  priorGradient(params: ReadonlyVector, into?: Vector): Vector {
    const result = into ?? zerosLike(params);
    for (let i = 0; i < result.length; i++) result[i] = -params[i]! / this.prior.variance;
    return result;
  }

  /**
   * 'full': eta of length d and the precision d x d row by row (symmetric: pack it for the wire). 'diagonal': d numbers
   * each. Without a point these are the mean and the marginal variances of the full one; at a point they have its slope
   * there, which the marginals would not, and the diagonal of its curvature.
   */
  surrogate(form: 'full' | 'diagonal', point?: ReadonlyVector): { readonly eta: Vector; readonly precision: Vector } {
    const full = this.factor(point);
    const { eta, precision } =
      form === 'full' ? full : point ? diagonalAt(full, point) : marginalFactor(full, this.prior.share);
    return { eta: inPrecision(eta, this.precision), precision: inPrecision(precision, this.precision) };
  }
}

/** The diagonal factor with the slope of `factor` at the point. */
function diagonalAt({ eta, precision }: GaussianFactor, point: ReadonlyVector): GaussianFactor {
  const d = eta.length;
  const diagonal = Float64Array.from({ length: d }, (_, i) => precision[i * d + i]!);
  const bend = matrixVector(precision, Float64Array.from(point));
  return { eta: diagonal.map((value, i) => eta[i]! - bend[i]! + value * point[i]!), precision: diagonal };
}

export function inPrecision(values: Float64Array, precision: Precision): Vector {
  const result = zeros(values.length, precision);
  result.set(values);
  return result;
}

function rounded(sums: Float64Array, params: ReadonlyVector): Vector {
  const result = zerosLike(params);
  result.set(sums);
  return result;
}
