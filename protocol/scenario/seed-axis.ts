import { isPlainObject } from '../settings/plain-data.js';
import type { ScenarioInput, SweepInput } from './input.js';
import type { Json } from './scenario.js';

/**
 * A sweep with its `seeds` written out as the axis `seed`, which changes fastest: as many from the base's seed on, or those listed. What
 * is neither stays, for the check of the sweep to refuse.
 */
export function withSeedAxis(input: SweepInput): SweepInput {
  const { seeds, over = {}, ...rest } = input;
  const listed = Array.isArray(seeds)
    ? seeds
    : Number.isSafeInteger(seeds)
      ? counted(seeds as number, input.base)
      : null;
  if (!listed?.length || !isPlainObject(over) || 'seed' in over) return { ...input, over };
  return { ...rest, over: { ...over, seed: listed as readonly Json[] } };
}

/** The scenario at several seeds, judged at each. */
export function overSeeds({ name = 'scenario', ...base }: ScenarioInput, count: number): SweepInput {
  const sweep = name.replaceAll('/', '-');
  return withSeedAxis({ sweep, description: base.description ?? '', base, over: {}, seeds: count });
}

function counted(count: number, base: SweepInput['base'] | undefined): number[] {
  const first = Number.isSafeInteger(base?.seed) ? base!.seed! : 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => first + i);
}
