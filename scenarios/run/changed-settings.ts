import { isSweep } from '../../protocol/scenario/input.js';
import { type Assignment, assign, valueAtPath } from '../../protocol/scenario/set-path.js';
import type { Json, JsonObject } from '../../protocol/settings/plain-data.js';
import type { Loaded } from './load.js';

/** Settings that say where and how a run is done, or how it is shown: its results are expected to be the same. */
const BESIDE_THE_RESULT = [
  'name',
  'description',
  'use',
  'seed',
  'precision',
  'device',
  'workers',
  'checkpoints',
  'keepBest',
  'saveModel',
  'measure',
  'study',
  'claims',
  'reportPlots',
  'expectedSeconds',
];

/**
 * The assignments in their order. What is expected was written for the values that are replaced: the result names the changed
 * paths (`changed`), and its expectations do not apply. An assignment of `expect` makes all of them the user's own.
 */
export function withAssignments(input: Loaded, assignments: readonly Assignment[]): Loaded {
  const assigned = assignments.reduce(assign, input);
  if (assignments.some(({ path }) => isBelow(path, 'expect'))) return assigned;
  const paths = [...new Set(assignments.map(({ path }) => path))].filter(
    (path) => !BESIDE_THE_RESULT.some((other) => isBelow(path, other)),
  );
  return isSweep(assigned) && isSweep(input) ? ofSweep(input, assigned, paths) : changedBy(input, assigned, paths);
}

/** A swept path that keeps one of its values changes the comparison of the points, and no point. */
function ofSweep<T extends Loaded & { over: unknown }>(input: T, assigned: T, paths: readonly string[]): Loaded {
  const over = input.over as Readonly<Record<string, readonly Json[]>>;
  const base = (loaded: T) => (loaded as unknown as { base: JsonObject }).base;
  const swept = paths.filter((path) => Object.hasOwn(over, path));
  const now = (assigned as unknown as { over: typeof over }).over;
  const fewer = swept.filter((path) => !same(over[path], now[path]));
  const others = swept.filter((path) => !over[path]!.some((value) => same(value, now[path]![0])));
  const unswept = paths.filter((path) => !swept.includes(path) && differs(base(input), base(assigned), path));
  const sweepChanged = [...unswept, ...fewer];
  const pointChanged = [...unswept, ...others];
  return {
    ...assigned,
    ...named(input, sweepChanged),
    base: { ...base(assigned), ...named(base(input), pointChanged) },
  } as unknown as Loaded;
}

function changedBy(input: Loaded, assigned: Loaded, paths: readonly string[]): Loaded {
  const [before, after] = [input as unknown as JsonObject, assigned as unknown as JsonObject];
  const changed = paths.filter((path) => differs(before, after, path));
  return { ...assigned, ...named(before, changed) } as Loaded;
}

/** With those that were changed before, where the input is the record of such a run. */
function named(input: object, paths: readonly string[]): { readonly changed?: readonly string[] } {
  const before = (input as { readonly changed?: readonly string[] | null }).changed ?? [];
  const changed = [...new Set([...before, ...paths])];
  return changed.length === 0 ? {} : { changed };
}

function differs(before: JsonObject, after: JsonObject, path: string): boolean {
  return !same(valueAtPath(before, path), valueAtPath(after, path));
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isBelow(path: string, of: string): boolean {
  return `${path}.`.startsWith(`${of}.`);
}
