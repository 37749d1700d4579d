import { exp } from '../../protocol/numerics/elementary.js';
import { smallestWhere } from '../../protocol/privacy/accounting/bisection.js';
import { epsilonAtOrder } from '../../protocol/privacy/accounting/conversion.js';
import { gaussianLogDelta, gaussianNoiseMultiplier } from '../../protocol/privacy/accounting/gaussian-composition.js';

/** Other forms of the privacy of Gaussian releases, which the accountants are compared with. */

/** delta(epsilon) at a composed mu. */
export function gaussianDelta(epsilon: number, mu: number): number {
  return exp(gaussianLogDelta(epsilon, mu));
}

/** The smallest noise stddev of one release of the given L2 sensitivity. Source: Balle and Wang 2018, Algorithm 1. */
export function gaussianStddev(epsilon: number, delta: number, l2Sensitivity = 1): number {
  return l2Sensitivity * gaussianNoiseMultiplier(epsilon, delta);
}

/**
 * sqrt(2 ln(1.25/delta)) sensitivity / epsilon: proved for epsilon <= 1, wastes up to 30 % there, and is not private at
 * epsilon = 10.
 */
export function textbookGaussianStddev(epsilon: number, delta: number, l2Sensitivity = 1): number {
  return (Math.sqrt(2 * Math.log(1.25 / delta)) * l2Sensitivity) / epsilon;
}

/**
 * Zero-concentrated differential privacy: RDP(a) <= rho a at every order. rho adds under composition; a Gaussian (or
 * discrete Gaussian) release has rho = 1 / (2 z^2), a pure epsilon-private one epsilon^2 / 2.
 * Source: Bun and Steinke, 2016.
 */
export function gaussianRho(noiseMultiplier: number, count = 1): number {
  return count === 0 ? 0 : count / (2 * noiseMultiplier * noiseMultiplier);
}

/** rho + 2 sqrt(rho ln(1/delta)). */
export function zcdpEpsilonClassic(rho: number, delta: number): number {
  return rho + 2 * Math.sqrt(-rho * Math.log(delta));
}

/** The tight RDP conversion at the best real order: (a - 1)^2 rho = ln(1/delta) - ln a there. */
export function zcdpEpsilon(rho: number, delta: number): { readonly epsilon: number; readonly order: number | null } {
  if (rho === 0 || rho === Number.POSITIVE_INFINITY) return { epsilon: rho, order: null };
  const logInverse = -Math.log(delta);
  const excess = smallestWhere((above) => above * above * rho >= logInverse - Math.log(1 + above));
  const order = 1 + excess;
  return { epsilon: Math.max(0, epsilonAtOrder(order, rho * order, delta, 'tight')), order };
}
