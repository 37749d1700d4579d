import type { Json, JsonObject } from '../../protocol/settings/plain-data.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';

/** A quantity and its value in each of several runs; undefined: a run without it. */
export interface Difference {
  readonly name: string;
  readonly values: readonly (Json | undefined)[];
}

/** Says what a run is called or is expected to show, and not how it computes. */
const ASIDE = ['name', 'description', 'expect', 'claims', 'changed', 'expectedSeconds', 'reportPlots'];

/** Settings that are not the same in all scenarios, by path, in the order of the first one that has them. */
export function differingSettings(scenarios: readonly object[]): readonly Difference[] {
  const flat = scenarios.map(settingsByPath);
  const paths = [...new Set(flat.flatMap((settings) => [...settings.keys()]))];
  return paths
    .map((name) => ({ name, values: flat.map((settings) => settings.get(name)) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}

/** How a scenario computes: each setting by its path, such as `method.learningRate`. */
export function settingsByPath(scenario: object): ReadonlyMap<string, Json> {
  return new Map(leaves(scenario as JsonObject, '').filter(([path]) => !ASIDE.includes(path.split('.')[0]!)));
}

/** Lists are one value each: places in them mean little. */
function leaves(value: JsonObject, before: string): [string, Json][] {
  return Object.entries(value).flatMap(([key, inside]): [string, Json][] => {
    const path = before === '' ? key : `${before}.${key}`;
    return isPlainObject(inside) && Object.keys(inside).length > 0
      ? leaves(inside as JsonObject, path)
      : [[path, inside as Json]];
  });
}
