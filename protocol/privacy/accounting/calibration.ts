import { GradswarmError } from '../../errors.js';
import { type AccountingOptions, composedEpsilon, type Spend } from './accountant.js';
import { smallestWhere } from './bisection.js';
import { gaussianNoiseMultiplier } from './gaussian-composition.js';
import { checkCount, checkDelta, checkSampling } from './ranges.js';

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
  if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY))
    throw new GradswarmError('ERR_PRIVACY', `target epsilon: expected a finite number above 0, got ${epsilon}`);
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
