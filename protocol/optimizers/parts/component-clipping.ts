import { GradswarmError } from '../../errors.js';
import type { ReadonlyVector, Segment, Vector } from '../../method.js';
import { zerosLike } from '../../numerics/vector.js';
import { rangeNorm, tensorsOf } from './tensors.js';

/** Added to a norm before dividing by it, as in the authors' code. */
const NORM_OFFSET = 1e-6;

/**
 * Every tensor of a gradient on its own: g min(1, threshold / (|g| + 1e-6)). Zero for a tensor that is not finite. Clipping on
 * the clients bounds what one client can do; clipping the mean on the coordinator does not. Threshold above 0, Infinity for
 * none; else ERR_SCENARIO. Source: "Improving Stability of Fine-Tuning Pretrained Language Models via Component-Wise Gradient
 * Norm Clipping", 2022, authors' code.
 */
export function clipComponents(gradient: ReadonlyVector, segments: readonly Segment[], threshold: number): Vector {
  if (!(threshold > 0))
    throw new GradswarmError('ERR_SCENARIO', `component clipping: expected a threshold above 0, got ${threshold}`);
  const result = zerosLike(gradient);
  for (const { start, end } of tensorsOf(segments, gradient.length)) {
    const norm = rangeNorm(gradient, start, end);
    if (!Number.isFinite(norm)) continue;
    const factor = Math.min(1, threshold / (norm + NORM_OFFSET));
    for (let i = start; i < end; i++) result[i] = factor * gradient[i]!;
  }
  return result;
}
