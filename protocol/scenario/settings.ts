import { anything, number, record, text } from '../settings/kinds.js';
import type { Required, SettingOf } from '../settings/setting.js';
import type { Json } from './scenario.js';

/** Settings that several expectations share. */

/** The name of a figure: one number a run. It must be one that the run will have. */
export function figure<const D extends string | null | Required>(
  byDefault: D,
  meaning = 'A figure',
): SettingOf<string, D> {
  return { ...text(byDefault, meaning, "the name of a figure such as 'finalLoss'"), reads: 'figure' };
}

/** The name of a series: a number a round. It must be one that the run will have. */
export function series<const D extends string | null | Required>(
  byDefault: D,
  meaning = 'A series',
): SettingOf<string, D> {
  return { ...text(byDefault, meaning, "the name of a series such as 'loss'"), reads: 'series' };
}

/** A path of the scenario, whose values order or part the runs of a sweep. */
export function path<const D extends string | null | Required>(byDefault: D, meaning: string): SettingOf<string, D> {
  return { ...text(byDefault, meaning, 'a path of the scenario'), reads: 'path' };
}

export const groupBy = path(
  null,
  'Path of the scenario whose values are judged apart; null: every swept path but the seed',
);
export const least = number(null, 'Lower bound, included; null: none');
export const most = number(null, 'Upper bound, included; null: none');

/** Runs of a sweep by values at paths of their scenarios. */
export function chosenRuns<const D extends Readonly<Record<string, Json>> | Required>(
  byDefault: D,
  meaning: string,
): SettingOf<Readonly<Record<string, Json>>, D> {
  return { ...record<Json, D>(anything<Json, null>(null, 'A value'), byDefault, meaning), reads: 'runs' };
}

/** Is the value within the bounds that are given? */
export function within(value: number, least: number | null, most: number | null): boolean {
  return (least === null || value >= least) && (most === null || value <= most);
}

export function inWords(least: number | null, most: number | null): string {
  if (least === null) return `at most ${most}`;
  return most === null ? `at least ${least}` : `from ${least} to ${most}`;
}

/** One of the bounds is needed. */
export function oneBound(bounds: { readonly least: number | null; readonly most: number | null }) {
  return bounds.least !== null || bounds.most !== null ? null : { expected: 'at least one of least and most' };
}
