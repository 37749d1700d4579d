import type { GaussianFactor } from '../../../protocol/bayesian/conjugate.js';
import type { Precision, ReadonlyVector, Segment } from '../../../protocol/method.js';
import { sigmoid, softplus } from '../../../protocol/numerics/elementary.js';
import { cholesky, choleskySolve, matrixVector } from '../../../protocol/numerics/linear-algebra.js';
import { addRow, type FeatureRows, rowProduct } from './feature-rows.js';
import type { IsotropicPrior } from './likelihood-shard.js';
import { LinearShard } from './linear-shard.js';

/** P(label 1 | row) = 1 / (1 + e^-(row theta)). `outcomes`: 0 or 1 for every row of `rows`. */
export class LogisticShard extends LinearShard {
  constructor(
    rows: FeatureRows,
    private readonly outcomes: Int32Array,
    examples: Uint32Array,
    segments: readonly Segment[],
    prior: IsotropicPrior,
    precision: Precision,
  ) {
    super(rows, examples, segments, prior, precision);
  }

  protected override lossAt(z: number, index: number): number {
    return softplus(this.outcomes[index] === 1 ? -z : z);
  }

  protected override slopeAt(z: number, index: number): number {
    return sigmoid(z) - this.outcomes[index]!;
  }

  /** Second-order expansion of the log-likelihood at the point, or at the shard's mode. */
  protected override factor(point?: ReadonlyVector): GaussianFactor {
    const centre = point ? Float64Array.from(point) : this.mode();
    const { gradient, hessian } = this.expansion(centre);
    const bend = matrixVector(hessian, centre);
    return { eta: bend.map((value, i) => value - gradient[i]!), precision: hessian };
  }

  /**
   * Of (prior^(1/S) x likelihood): it exists for separable data too. The prior's share only places the mode; it is no part of
   * the factor.
   */
  private mode(): Float64Array {
    const d = this.parameterCount;
    const mode = new Float64Array(d);
    let here = this.expansion(mode);
    for (let iteration = 0; iteration < 100; iteration++) {
      const curvature = Float64Array.from(here.hessian);
      const slope = here.gradient.map((value, i) => value + this.prior.share * mode[i]!);
      for (let i = 0; i < d; i++) curvature[i * d + i] = curvature[i * d + i]! + this.prior.share;
      const step = choleskySolve(cholesky(curvature), slope);
      const decrement = step.reduce((sum, value, i) => sum + value * slope[i]!, 0);
      // Damping (self-concordance) makes Newton's method converge from anywhere.
      const damping = decrement > 0.25 ? 1 / (1 + Math.sqrt(decrement)) : 1;
      for (let i = 0; i < d; i++) mode[i] = mode[i]! - damping * step[i]!;
      here = this.expansion(mode);
      if (decrement < 1e-24) break;
    }
    return mode;
  }

  /** Gradient and Hessian of the shard's negative log-likelihood. */
  private expansion(params: Float64Array): { gradient: Float64Array; hessian: Float64Array } {
    const d = this.parameterCount;
    const { values } = this.rows;
    const gradient = new Float64Array(d);
    const hessian = new Float64Array(d * d);
    for (const index of this.examples) {
      const probability = sigmoid(rowProduct(this.rows, index, params));
      addRow(this.rows, index, probability - this.outcomes[index]!, gradient);
      const weight = probability * (1 - probability);
      for (let i = 0; i < d; i++) {
        const left = weight * values[index * d + i]!;
        for (let j = 0; j < d; j++) hessian[i * d + j] = hessian[i * d + j]! + left * values[index * d + j]!;
      }
    }
    return { gradient, hessian };
  }
}
