import type { Precision, ReadonlyVector, Vector } from '../../method.js';
import { advance, type Decay, type Moments, zeroMoments } from './moments.js';
import type { Tensor } from './tensors.js';

/**
 * AdamW for the vectors of a model whose matrices have a rule of their own. Its moments hold the vectors' entries alone, one
 * tensor after the other, so that matrices cost no second moment.
 */
export function vectorMoments(tensors: readonly Tensor[], precision: Precision): Moments {
  let entries = 0;
  for (const { isMatrix, start, end } of tensors) if (!isMatrix) entries += end - start;
  return zeroMoments(entries, precision);
}

/** Steps every vector of `tensors` in `next` (which need not hold `params` yet) and fills `into` with the next moments. */
export function stepVectors(
  tensors: readonly Tensor[],
  gradient: ReadonlyVector,
  params: ReadonlyVector,
  from: Moments,
  into: Moments,
  decay: Decay & { readonly weightDecay: number },
  rate: number,
  next: Vector,
): void {
  let offset = 0;
  for (const { isMatrix, start, end } of tensors) {
    if (isMatrix) continue;
    const size = end - start;
    const part = ({ step, mean, square }: Moments): Moments => ({
      step,
      mean: mean.subarray(offset, offset + size),
      square: square.subarray(offset, offset + size),
    });
    advance(gradient.subarray(start, end), part(from), part(into), decay, next.subarray(start, end), 0, size);
    for (let i = start; i < end; i++) next[i] = params[i]! - rate * (next[i]! + decay.weightDecay * params[i]!);
    offset += size;
  }
}
