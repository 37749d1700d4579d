import type { ReadonlyVector, Vector } from '../../method.js';
import { squaredDistance } from '../../numerics/vector.js';
import type { AttackerSight } from '../attack.js';

/** Tries of the line search, first step and factor by which it grows and shrinks (those of ByzFL's optimal attacks). */
const TRIES = 20;
const FIRST_STEP = 10;
const RATIO = 0.8;

/**
 * The strength tau whose forged vectors move the receiver's aggregate farthest from the honest mean: a line search that steps on
 * while it gains and turns to shorter steps when it loses.
 */
export function adaptedStrength(
  { honest, aggregate }: AttackerSight,
  mean: ReadonlyVector,
  forgeWith: (strength: number) => readonly Vector[],
): number {
  const harm = (strength: number): number => {
    const distance = squaredDistance(aggregate([...honest, ...forgeWith(strength)]), mean);
    return Number.isFinite(distance) ? distance : -1;
  };
  let best = 0;
  let most = harm(0);
  let step = FIRST_STEP;
  let growing = true;
  for (let k = 0; k < TRIES; k++) {
    const candidate = Math.max(0, best + step);
    const distance = harm(candidate);
    if (distance > most) {
      best = candidate;
      most = distance;
      if (growing) step *= 2;
    } else {
      growing = false;
      step *= step > 0 ? -RATIO : -1;
      if (step > 0) step *= RATIO;
    }
  }
  return best;
}
