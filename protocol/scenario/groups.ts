import type { RunRecord } from './expectation.js';
import type { Json, Spec } from './scenario.js';
import { valueAtPath } from './set-path.js';

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
  return [...groups].map(([key, group]) => ({ ...group, label: groups.size === 1 ? '' : key }));
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
