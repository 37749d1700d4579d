import type { ReadonlyVector, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';
import { type ScheduleSpec, scheduleOf } from '../../../schedules/schedule.js';
import type { Conflict } from '../../../settings/settings.js';

/**
 * Gradient tracking that survives noisy messages: s accumulates the gradients, so a message's noise enters the direction only as
 * a difference, and W is damped by gamma_k, so the noise that it adds to the mean is summable.
 *
 *   s+ = s + gamma (A_s - s) + alpha g,   x+ = x + gamma (A_x - x) - (s+ - s)
 *
 * with A_v an estimate of W v. Each round x + s moves by gamma (A_x - x) alone, so its mean by gamma times the mean noise.
 */
export interface Tracked {
  readonly x: Vector;
  /** Cumulative tracker. */
  readonly s: Vector;
}

export function cumulativeStep(
  { x, s }: Tracked,
  aggregate: { readonly x: ReadonlyVector; readonly s: ReadonlyVector },
  gradient: ReadonlyVector,
  mixing: number,
  step: number,
): Tracked & { readonly trackedGradientSquared: number } {
  const nextX = zerosLike(x);
  const nextS = zerosLike(s);
  let squares = 0;
  for (let i = 0; i < nextX.length; i++) {
    const before = s[i]!;
    nextS[i] = before + mixing * (aggregate.s[i]! - before) + step * gradient[i]!;
    const moved = nextS[i]! - before;
    nextX[i] = x[i]! + mixing * (aggregate.x[i]! - x[i]!) - moved;
    squares += (moved / step) * (moved / step);
  }
  // y = (s+ - s) / alpha tracks the mean gradient, which is 0 at the optimum.
  return { x: nextX, s: nextS, trackedGradientSquared: squares };
}

/** Far enough for any schedule that falls to have fallen. */
const LATE_STEP = 1e6;

/** The damping of W begins in (0, 1] and falls: undamped, the noise of all messages adds up in the mean. */
export function fallingMixing({ mixing }: { readonly mixing: ScheduleSpec }): Conflict | null {
  const schedule = scheduleOf(mixing);
  const first = schedule(0);
  if (first > 0 && first <= 1 && schedule(LATE_STEP) < 0.5 * first) return null;
  return {
    at: 'mixing',
    expected: "a schedule that begins in (0, 1] and falls, such as { name: 'inverse-power', rate: 20, offset: 41 }",
  };
}
