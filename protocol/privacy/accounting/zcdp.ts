import { log } from '../../numerics/elementary.js';
import { smallestWhere } from './bisection.js';
import { epsilonAtOrder } from './conversion.js';
import { checkDelta } from './ranges.js';

/**
 * Zero-concentrated differential privacy: RDP(a) <= rho a at every order. rho adds under composition; a Gaussian (or
 * discrete Gaussian) release has rho = 1 / (2 z^2), a pure epsilon-private one epsilon^2 / 2.
 * Source: Bun and Steinke, 2016.
 */
export function gaussianRho(noiseMultiplier: number, count = 1): number {
  return count === 0 ? 0 : count / (2 * noiseMultiplier * noiseMultiplier);
}

/** The noise multiplier of the Gaussian release with the same rho: how a ledger holds a mechanism known by its rho. */
export function equivalentNoiseMultiplier(rho: number): number {
  return 1 / Math.sqrt(2 * rho);
}

/** rho + 2 sqrt(rho ln(1/delta)). */
export function zcdpEpsilonClassic(rho: number, delta: number): number {
  checkDelta(delta);
  return rho + 2 * Math.sqrt(-rho * log(delta));
}

/** The tight RDP conversion at the best real order: (a - 1)^2 rho = ln(1/delta) - ln a there. */
export function zcdpEpsilon(rho: number, delta: number): { readonly epsilon: number; readonly order: number | null } {
  checkDelta(delta);
  if (rho === 0 || rho === Number.POSITIVE_INFINITY) return { epsilon: rho, order: null };
  const logInverse = -log(delta);
  const excess = smallestWhere((above) => above * above * rho >= logInverse - log(1 + above));
  const order = 1 + excess;
  return { epsilon: Math.max(0, epsilonAtOrder(order, rho * order, delta, 'tight')), order };
}
