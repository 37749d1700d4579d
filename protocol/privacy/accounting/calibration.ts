import { GradswarmError } from '../../errors.js';
import { log } from '../../numerics/elementary.js';
import { type AccountingOptions, composedEpsilon, type Spend } from './accountant.js';
import { smallestWhere } from './bisection.js';
import { gaussianNoiseMultiplier } from './gaussian-composition.js';
import { checkCount, checkDelta, checkRange, checkSampling } from './ranges.js';

/**
 * The smallest noise multiplier whose epsilon stays at or below the target, by bisection on the accountant; the upper end
 * of the last bracket, so that the target holds at what is returned. ERR_PRIVACY when no noise reaches the target: with
 * Renyi orders a short grid has a floor.
 */
export function calibrateNoiseMultiplier(
  target: { readonly epsilon: number; readonly delta: number; readonly sampling: number; readonly steps: number },
  options: AccountingOptions = {},
): { readonly noiseMultiplier: number } & Spend {
  const { epsilon, delta, sampling, steps } = target;
  checkDelta(delta);
  checkSampling(sampling);
  checkCount('steps', steps);
  checkRange('target epsilon', epsilon, { above: 0 });
  const spend = (noiseMultiplier: number) =>
    composedEpsilon([{ sampling, noiseMultiplier, count: steps }], delta, options);
  if (steps === 0 || sampling === 0) return { noiseMultiplier: 0, ...spend(0) };
  let noiseMultiplier: number;
  if (sampling === 1 && options.method !== 'rdp') {
    noiseMultiplier = gaussianNoiseMultiplier(epsilon, delta, steps);
    // The closed form may round to just below the target's noise.
    while (noiseMultiplier > 0 && spend(noiseMultiplier).epsilon > epsilon) noiseMultiplier *= 1 + 2 ** -50;
  } else noiseMultiplier = smallestWhere((z) => spend(z).epsilon <= epsilon);
  if (noiseMultiplier === 0)
    throw new GradswarmError(
      'ERR_PRIVACY',
      `target epsilon: expected one that needs a noise multiplier above 2^-200, got ${epsilon}`,
    );
  if (noiseMultiplier === Number.POSITIVE_INFINITY)
    throw new GradswarmError(
      'ERR_PRIVACY',
      `target epsilon ${epsilon} at delta ${delta}: no noise reaches it with these Renyi orders, whose floor is ` +
        `${spend(2 ** 100).epsilon}; use a grid with higher orders`,
    );
  return { noiseMultiplier, ...spend(noiseMultiplier) };
}

/** How close to its target a found noise's epsilon is, relatively, where one look at the accountant takes long. */
const EPSILON_TOLERANCE = 1e-6;

/**
 * A noise multiplier whose epsilon is at or below the target, and within a relative 1e-6 of it where `epsilonOf` is that smooth:
 * by false position on logarithms (Illinois). For accountants whose answer is exact only to their grid. ERR_PRIVACY when no
 * noise up to 2^40 reaches the target.
 */
export function smallestNoise(
  epsilonOf: (noiseMultiplier: number) => number,
  target: number,
): { readonly noiseMultiplier: number } {
  checkRange('target epsilon', target, { above: 0 });
  const excess = (z: number) => log(epsilonOf(z) / target);
  let high = 1;
  let atHigh = excess(high);
  let low = high;
  let atLow = atHigh;
  while (!(atHigh <= 0)) {
    [low, atLow, high] = [high, atHigh, high * 2];
    if (high > 2 ** 40)
      throw new GradswarmError('ERR_PRIVACY', `target epsilon ${target}: no noise multiplier up to 2^40 reaches it`);
    atHigh = excess(high);
  }
  while (atLow <= 0) {
    if (low < 2 ** -40) return { noiseMultiplier: low };
    [high, atHigh, low] = [low, atLow, low / 2];
    atLow = excess(low);
  }
  let held = atHigh;
  let side = 0;
  for (let i = 0; i < 60 && high - low > 2 ** -40 * high && !(held >= -EPSILON_TOLERANCE); i++) {
    // Infinite or equal ends have no secant.
    const share = atLow / (atLow - atHigh);
    const slope = share > 0 && share < 1 ? share : 0.5;
    const z = low + (high - low) * Math.min(0.999, Math.max(0.001, slope));
    const there = excess(z);
    if (there <= 0) {
      [high, atHigh, held] = [z, there, there];
      if (side === 1) atLow /= 2;
      side = 1;
    } else {
      [low, atLow] = [z, there];
      if (side === -1) atHigh /= 2;
      side = -1;
    }
  }
  return { noiseMultiplier: high };
}
