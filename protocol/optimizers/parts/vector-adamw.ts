import type { Precision, ReadonlyVector, Vector } from '../../method.js';
import { atLeastZero, decay } from '../../settings/kinds.js';
import { advance, type Decay, type Moments, zeroMoments } from './moments.js';
import type { Tensor } from './tensors.js';

type VectorDecay = Decay & { readonly weightDecay: number };

/** Settings of that AdamW. */
export function vectorSettings(defaults: {
  readonly rateFactor: number;
  readonly beta2: number;
  readonly epsilon: number;
}) {
  return {
    vectorRateFactor: atLeastZero(defaults.rateFactor, 'Rate of the vectors as a factor of the rate'),
    vectorBeta1: decay(0.9, 'beta1 of the AdamW of vectors'),
    vectorBeta2: decay(defaults.beta2, 'beta2 of the AdamW of vectors'),
    vectorEpsilon: atLeastZero(defaults.epsilon, 'epsilon of the AdamW of vectors'),
  };
}

export function vectorDecay(settings: {
  readonly vectorBeta1: number;
  readonly vectorBeta2: number;
  readonly vectorEpsilon: number;
  readonly weightDecay: number;
}): VectorDecay {
  return {
    meanDecay: settings.vectorBeta1,
    squareDecay: settings.vectorBeta2,
    epsilon: settings.vectorEpsilon,
    biasCorrection: true,
    weightDecay: settings.weightDecay,
  };
}

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
  decay: VectorDecay,
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
