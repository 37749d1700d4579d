import type { Precision, ReadonlyVector, Vector } from '../../method.js';
import { integerPower } from '../../numerics/powers.js';
import { zeros, zerosLike } from '../../numerics/vector.js';
import { decay } from '../../settings/kinds.js';

/** Settings of the two running means, at the defaults of Adam's paper. */
export const momentSettings = {
  beta1: decay(0.9, 'Decay factor of the running mean of the gradient'),
  beta2: decay(0.999, 'Decay factor of the running mean of its square'),
};

/** State of the Adam family: running means of the gradient and of its square, entry by entry. */
export interface Moments {
  readonly step: number;
  readonly mean: Vector;
  readonly square: Vector;
}

export function zeroMoments(length: number, precision: Precision = 'float64', square = 0): Moments {
  return { step: 0, mean: zeros(length, precision), square: zeros(length, precision).fill(square) };
}

/** Room for the next state. Filled by `advance`. */
export function nextMoments({ step, mean, square }: Moments): Moments {
  return { step: step + 1, mean: zerosLike(mean), square: zerosLike(square) };
}

export interface Decay {
  readonly meanDecay: number;
  readonly squareDecay: number;
  readonly epsilon: number;
  /** Divide the running means by 1 - decay^t, as if they had not started at zero. */
  readonly biasCorrection: boolean;
}

/**
 * Entries start ... end - 1 of Adam: both running means are updated by `gradient` (in `into`), and `direction` receives
 * mean / (sqrt(square) + epsilon), bias-corrected with `decay.biasCorrection`.
 */
export function advance(
  gradient: ReadonlyVector,
  from: Moments,
  into: Moments,
  decay: Decay,
  direction: Vector,
  start: number,
  end: number,
): void {
  const { meanDecay, squareDecay, epsilon } = decay;
  const meanCorrection = decay.biasCorrection ? 1 - integerPower(meanDecay, into.step) : 1;
  const squareCorrection = decay.biasCorrection ? 1 - integerPower(squareDecay, into.step) : 1;
  for (let i = start; i < end; i++) {
    const g = gradient[i]!;
    const mean = meanDecay * from.mean[i]! + (1 - meanDecay) * g;
    const square = squareDecay * from.square[i]! + (1 - squareDecay) * g * g;
    into.mean[i] = mean;
    into.square[i] = square;
    const root = Math.sqrt(square / squareCorrection) + epsilon;
    direction[i] = root === 0 ? 0 : mean / meanCorrection / root;
  }
}
