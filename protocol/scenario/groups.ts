import type { RunRecord } from './expectation.js';
import type { Json, JsonObject, Spec } from './scenario.js';
import { valueAtPath } from './set-path.js';
import { choiceInWords, valueInWords } from './wording.js';

/** Records that differ in nothing that matters here, usually in the seed alone. */
export interface Group {
  /** Empty where there is one group only. */
  readonly label: string;
  readonly value: Json;
  readonly records: readonly RunRecord[];
}

/**
 * By the value at a path of the scenario; `by` null: by every swept path but the seed. In order of first appearance.
 */
export function groupsOf(records: readonly RunRecord[], by: string | null): Group[] {
  const groups = new Map<string, { value: Json; records: RunRecord[] }>();
  for (const record of records) {
    const value =
      by === null ? sweptApartFromSeed(record) : (valueAtPath(record.scenario as unknown as Spec, by) ?? null);
    const key = JSON.stringify(value);
    const group = groups.get(key);
    if (group) group.records.push(record);
    else groups.set(key, { value, records: [record] });
  }
  const found = [...groups.values()];
  const label = (value: Json): string => {
    if (found.length === 1) return '';
    if (by !== null) return `${by} is ${valueInWords(value)}`;
    return choiceInWords(value as JsonObject, axesOf(found.map((group) => group.value as JsonObject)));
  };
  return found.map((group) => ({ ...group, label: label(group.value) }));
}

/** All values that each path has in some group. */
function axesOf(points: readonly JsonObject[]): Record<string, Json[]> {
  const paths = [...new Set(points.flatMap(Object.keys))];
  return Object.fromEntries(
    paths.map((path) => [path, points.flatMap((point) => (path in point ? [point[path]!] : []))]),
  );
}

function sweptApartFromSeed(record: RunRecord): Json {
  const { seed: _, ...others } = record.point ?? {};
  return others;
}

/** Do all the values named by their paths belong to this record's scenario? */
export function matches(record: RunRecord, values: Readonly<Record<string, Json>>): boolean {
  return Object.entries(values).every(
    ([path, value]) => JSON.stringify(valueAtPath(record.scenario as unknown as Spec, path)) === JSON.stringify(value),
  );
}
