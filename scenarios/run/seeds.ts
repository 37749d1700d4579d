import { isSweep } from '../../protocol/scenario/input.js';
import { overSeeds, withSeedAxis } from '../../protocol/scenario/seed-axis.js';
import { assign } from '../../protocol/scenario/set-path.js';
import { withoutPath } from '../../protocol/scenario/sweep-points.js';
import type { Loaded } from './load.js';

/** The seeds that a sweep goes over; null: it has one seed, as a single scenario has. */
export function sweptSeeds(input: Loaded): readonly number[] | null {
  return isSweep(input) && input.over.seed ? (input.over.seed as readonly number[]) : null;
}

/** What one seed means for a sweep over several; null: nothing is lost. */
export function seedNote(input: Loaded, seed: number): string | null {
  const swept = sweptSeeds(input) ?? [];
  if (swept.length < 2) return null;
  return `seed ${seed} alone instead of seeds ${swept.join(', ')}; --first-seed ${seed} runs as many from there on`;
}

/** The same from another seed on: a sweep over seeds keeps their number and their distances. */
export function seedsFrom(input: Loaded, first: number): Loaded {
  const swept = sweptSeeds(input);
  if (!isSweep(input) || !swept) return assign(input, { path: 'seed', value: first });
  const least = Math.min(...swept);
  const moved = (seed: number) => first + seed - least;
  const points = input.points?.map((point) =>
    'seed' in point ? { ...point, seed: moved(point.seed as number) } : point,
  );
  return { ...input, over: { ...input.over, seed: swept.map(moved) }, ...(points && { points }) };
}

/** At so many seeds from the one that it has: a scenario becomes a sweep, and a sweep over seeds has as many. */
export function atSeeds(input: Loaded, count: number): Loaded {
  if (!isSweep(input)) return overSeeds(input, count);
  const { seed, ...over } = input.over;
  const base = seed ? { ...input.base, seed: seed[0] as number } : input.base;
  return withSeedAxis(withoutPath({ ...input, base, over, seeds: count }, 'seed'));
}
