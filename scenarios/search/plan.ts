import { GradswarmError } from '../../protocol/errors.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { Json } from '../../protocol/scenario/scenario.js';
import { type Axis, drawValue, gridValues } from './axis.js';

export const STRATEGIES = ['grid', 'random', 'halving'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** One combination of values of the searched settings. */
export type Trial = Readonly<Record<string, Json>>;

/** What a search will do, from the command alone. */
export interface SearchPlan {
  readonly strategy: Strategy;
  readonly trials: readonly Trial[];
  /** One after the other: how many trials, each for how many rounds. The first has all trials. */
  readonly rungs: readonly { readonly trials: number; readonly rounds: number }[];
}

export interface SearchSettings {
  readonly strategy: Strategy;
  /** How many are drawn; of a grid null. */
  readonly trials: number | null;
  /** Of the draws. */
  readonly seed: number;
  /** Of the scenario: of the last rung. */
  readonly rounds: number;
  /** Halving keeps one trial in so many, and gives it so many times the rounds. */
  readonly keepOneIn: number;
}

/**
 * Grid: every combination. Random: independent draws (Bergstra and Bengio, JMLR 2012). Halving: successive halving over
 * random draws (Jamieson and Talwalkar, AISTATS 2016), where the best 1/k of a rung are run again, from the start, for k
 * times the rounds: a schedule over the rounds of a run then means the same in every rung. Throws ERR_USAGE.
 */
export function searchPlan(axes: readonly Axis[], settings: SearchSettings): SearchPlan {
  const { strategy, rounds, keepOneIn } = settings;
  const paths = axes.map(({ path }) => path);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) throw new GradswarmError('ERR_USAGE', `--over ${twice}: expected a path once, got it twice`);
  const trials = strategy === 'grid' ? grid(axes, settings) : draws(axes, settings);
  const counts = strategy === 'halving' ? rungSizes(trials.length, keepOneIn) : [trials.length];
  const rungs = counts.map((count, i) => ({
    trials: count,
    rounds: Math.max(1, Math.round(rounds / keepOneIn ** (counts.length - 1 - i))),
  }));
  return { strategy, trials, rungs };
}

/** `trials`, then one in `keepOneIn` of them, and so on to one. */
function rungSizes(trials: number, keepOneIn: number): number[] {
  const sizes = [trials];
  while (sizes.at(-1)! > 1) sizes.push(Math.max(1, Math.floor(sizes.at(-1)! / keepOneIn)));
  return sizes;
}

function grid(axes: readonly Axis[], { trials }: SearchSettings): Trial[] {
  if (trials !== null)
    throw new GradswarmError(
      'ERR_USAGE',
      "--trials: expected --strategy 'random' or 'halving', got a grid, which has every combination",
    );
  return axes.reduce<Trial[]>(
    (so, axis) => so.flatMap((trial) => gridValues(axis).map((value) => ({ ...trial, [axis.path]: value }))),
    [{}],
  );
}

/** Different ones, each keyed by its number and the path: more trials keep those that were drawn. */
function draws(axes: readonly Axis[], { strategy, trials, seed }: SearchSettings): Trial[] {
  if (trials === null)
    throw new GradswarmError('ERR_USAGE', `--trials: expected how many are drawn (--strategy ${strategy}), got none`);
  const stream = rootStream(seed, 'float64');
  const drawn = new Map<string, Trial>();
  // Few listed values have few combinations: then fewer trials are returned than were asked for.
  for (let i = 0; i < 20 * trials && drawn.size < trials; i++) {
    const trial = Object.fromEntries(
      axes.map((axis) => [axis.path, drawValue(axis, stream.derive('search', i, axis.path))]),
    );
    const key = JSON.stringify(trial);
    if (!drawn.has(key)) drawn.set(key, trial);
  }
  return [...drawn.values()];
}
