import type { ReadonlyVector } from '../../../method.js';

/** Added to a variance before dividing by it, so that 0 / 0 is 0. */
const SMALLEST_VARIANCE = 1e-30;
/** Spread of a tensor, relative to its mean's square, up to which all gradients count as equal. */
const AGREEMENT = 1e-12;

export interface SignalToNoiseBounds {
  /** Least ratio, in (0, 1]. */
  readonly gamma: number;
  /** Largest ratio, at least 1. */
  readonly cap: number;
}

/**
 * Gradient signal-to-noise ratios r_j = mean_j^2 / variance_j, divided by their mean over each tensor and confined to
 * [gamma, cap], written to `into`. `spread` is the variance times any positive number. The paper leaves the degenerate cases
 * open; here: a tensor on which all gradients agree, and a tensor of one element, have ratio 1 (the plain step); a tensor
 * whose ratios are all 0 has gamma.
 */
export function signalToNoiseInto(
  into: Float64Array,
  mean: ReadonlyVector,
  spread: ReadonlyVector,
  tensors: readonly { readonly start: number; readonly end: number }[],
  { gamma, cap }: SignalToNoiseBounds,
): void {
  for (const { start, end } of tensors) {
    let spreadSum = 0;
    let meanSquare = 0;
    let ratioSum = 0;
    for (let i = start; i < end; i++) {
      const square = mean[i]! * mean[i]!;
      const ratio = square / (spread[i]! + SMALLEST_VARIANCE);
      spreadSum += spread[i]!;
      meanSquare += square;
      ratioSum += ratio;
      into[i] = ratio;
    }
    if (end - start === 1 || spreadSum <= AGREEMENT * meanSquare) into.fill(1, start, end);
    else if (ratioSum === 0) into.fill(gamma, start, end);
    else {
      const average = ratioSum / (end - start);
      for (let i = start; i < end; i++) {
        const ratio = into[i]! / average;
        into[i] = ratio < gamma ? gamma : ratio > cap ? cap : ratio;
      }
    }
  }
}
