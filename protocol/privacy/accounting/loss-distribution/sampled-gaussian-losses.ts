/**
 * Privacy losses of the sampled Gaussian. With probability q the record moves the mean of N(0, z^2) by one:
 * L(x) = ln(1 - q + q e^t), t = (2x - 1) / (2 z^2), the logarithm of the mixture's density over that of N(0, z^2).
 *
 * These two pairs dominate every Poisson-sampled Gaussian under add-remove adjacency, one for each direction, and pairs of one
 * direction compose, adaptively too. Source: Zhu, Dong, Wang, "Optimal Accounting of Differential Privacy via Characteristic
 * Function", AISTATS 2022, Theorems 10 and 11.
 */
import { exp, expm1, log, log1p } from '../../../numerics/elementary.js';
import { inverseNormalCdfOfLog } from '../../../numerics/special-functions.js';
import { normalMass } from './normal-mass.js';

/** 'remove': the mixture against N(0, z^2), the loss is L. 'add': N(0, z^2) against the mixture, the loss is -L. */
export type Direction = 'remove' | 'add';

/** Masses of both distributions of a pair where the loss is between two bounds. */
export interface Masses {
  readonly upper: number;
  readonly lower: number;
}

/** A pair (P, Q) of distributions on the line whose loss ln(P/Q)(x), x from P, is monotone in x. */
export class SampledGaussianLosses {
  private readonly logOut: number;

  constructor(
    readonly sampling: number,
    readonly noiseMultiplier: number,
    readonly direction: Direction,
  ) {
    this.logOut = sampling === 1 ? Number.NEGATIVE_INFINITY : log1p(-sampling);
  }

  /** L(x). */
  private ratio(x: number): number {
    const { sampling: q, noiseMultiplier: z } = this;
    const t = (x - 0.5) / z / z;
    if (q === 1) return t;
    if (t < 1) return log1p(q * expm1(t));
    return t + log(q) + log1p(((1 - q) / q) * exp(-t));
  }

  /** x with L(x) = ratio; -Infinity at and below ln(1 - q). */
  private place(ratio: number): number {
    const { sampling: q, noiseMultiplier: z } = this;
    if (ratio <= this.logOut) return Number.NEGATIVE_INFINITY;
    let t = ratio;
    if (q < 1) t = ratio < 1 ? log1p(expm1(ratio) / q) : ratio - log(q) + log1p(-(1 - q) * exp(-ratio));
    return 0.5 + z * (z * t);
  }

  /** Where the loss takes a value, standardised for both components: (x / z, (x - 1) / z). */
  bound(loss: number): readonly [number, number] {
    const x = this.place(this.direction === 'remove' ? loss : -loss);
    return [x / this.noiseMultiplier, (x - 1) / this.noiseMultiplier];
  }

  /** Masses of P (`upper`) and Q (`lower`) between two bounds of ascending loss. */
  between(from: readonly [number, number], to: readonly [number, number]): Masses {
    const [low, high] = this.direction === 'remove' ? [from, to] : [to, from];
    const still = normalMass(low[0], high[0]);
    const moved = normalMass(low[1], high[1]);
    const mixture = this.sampling === 1 ? moved : (1 - this.sampling) * still + this.sampling * moved;
    return this.direction === 'remove' ? { upper: mixture, lower: still } : { upper: still, lower: mixture };
  }

  /** Losses outside of which P has no more than the given masses, below and above; infinite where no noise is left. */
  range(logBelow: number, logAbove: number): readonly [number, number] {
    const { noiseMultiplier: z } = this;
    const low = z * inverseNormalCdfOfLog(logBelow);
    const high = -z * inverseNormalCdfOfLog(logAbove);
    if (this.direction === 'remove') {
      // Both components' tails: the still one reaches further down, the moved one further up.
      return [this.ratio(this.sampling === 1 ? 1 + low : low), this.ratio(1 + high)];
    }
    return [-this.ratio(-low), -this.ratio(-high)];
  }
}

/** Losses beyond everything, as bounds of a tail. */
export function endOf(direction: Direction, side: 'below' | 'above'): readonly [number, number] {
  const infinite =
    (direction === 'remove') === (side === 'above') ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return [infinite, infinite];
}
