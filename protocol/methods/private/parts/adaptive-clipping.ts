import { GradswarmError } from '../../../errors.js';
import { exp } from '../../../numerics/elementary.js';

/**
 * A clipping radius that follows a quantile of the norms, privately: Andrew, Thakkar, McMahan, Ramaswamy, "Differentially
 * Private Learning with Adaptive Clipping", NeurIPS 2021. Each unit sends, in addition to its clipped value, one bit: was it within
 * the radius? The bit is centred to +-1/2, so its sensitivity is 1/2; both are one release with one noise multiplier.
 */
export interface AdaptiveClipping {
  /** Quantile of the norms that the radius tracks, in (0, 1). */
  readonly quantile: number;
  /** eta_C: the radius changes by at most the factor e^rate a round. */
  readonly rate: number;
  /** Expected number of units a round: a public constant, never the realised count. */
  readonly expectedCount: number;
  /** Stddev of the noise on the sum of the bits, s_b. */
  readonly bitStddev: number;
}

/** The authors' settings: median, rate 0.2, s_b = m / 20. */
export function adaptiveClipping(expectedCount: number, over: Partial<AdaptiveClipping> = {}): AdaptiveClipping {
  return { quantile: 0.5, rate: 0.2, expectedCount, bitStddev: expectedCount / 20, ...over };
}

/** L2 sensitivity of the sum of centred bits. */
export const CLIPPING_BIT_SENSITIVITY = 0.5;

/** 1/2 when the norm is within the radius, else -1/2. Not finite counts as outside. */
export function clippingBit(norm: number, radius: number): 0.5 | -0.5 {
  return norm <= radius ? 0.5 : -0.5;
}

/**
 * Noise multipliers of the two parts whose joint release has `noiseMultiplier` z: the bit's is 2 s_b, the value's
 * (z^-2 - (2 s_b)^-2)^(-1/2). ERR_PRIVACY unless z < 2 s_b: the bit alone would cost more than the whole.
 */
export function splitNoise(
  noiseMultiplier: number,
  { bitStddev }: Pick<AdaptiveClipping, 'bitStddev'>,
): { readonly value: number; readonly bit: number } {
  const bit = bitStddev / CLIPPING_BIT_SENSITIVITY;
  if (noiseMultiplier === 0) return { value: 0, bit };
  if (!(noiseMultiplier > 0 && noiseMultiplier < bit))
    throw new GradswarmError(
      'ERR_PRIVACY',
      `adaptive clipping: expected a noise multiplier below 2 s_b = ${bit}, got ${noiseMultiplier}; ` +
        'use more noise on the bits or less in total',
    );
  return { value: 1 / Math.sqrt(1 / (noiseMultiplier * noiseMultiplier) - 1 / (bit * bit)), bit };
}

/** Noisy fraction of units within the radius, in [0, 1]. noisyBitSum: sum of centred bits plus noise of stddev s_b. */
export function fractionWithin(
  noisyBitSum: number,
  { expectedCount }: Pick<AdaptiveClipping, 'expectedCount'>,
): number {
  return Math.min(1, Math.max(0, noisyBitSum / expectedCount + 0.5));
}

/** C exp(-eta_C (fraction - quantile)). */
export function nextRadius(radius: number, noisyBitSum: number, clipping: AdaptiveClipping): number {
  return radius * exp(-clipping.rate * (fractionWithin(noisyBitSum, clipping) - clipping.quantile));
}
