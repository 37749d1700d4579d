import type { Json, JsonObject } from '../../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { valueInWords } from '../../protocol/scenario/wording.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';

const SHOWN = [
  ...['method', 'objective', 'data', 'clients', 'rounds', 'seed', 'precision', 'participation', 'topology'],
  ...['codecs', 'aggregators', 'faults', 'privacy'],
] as const;

/** What all points of a sweep have in common, in words; the tables have what differs. */
export function commonSettings({ points }: ResolvedSweep): (readonly [string, string])[] {
  return SHOWN.flatMap((key): (readonly [string, string])[] => {
    const values = points.map(({ scenario }) => (scenario as unknown as Record<string, Json>)[key]);
    const common = commonPart(values);
    return common === undefined || common === null || isEmpty(common) ? [] : [[key, valueInWords(common)]];
  });
}

/** Of objects the settings that are the same in all; undefined: nothing is. */
function commonPart(values: readonly (Json | undefined)[]): Json | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.every((value) => JSON.stringify(value) === JSON.stringify(first))) return first;
  if (!values.every((value) => isPlainObject(value))) return undefined;
  const parts = Object.keys(first as JsonObject).map(
    (key) => [key, commonPart(values.map((value) => (value as JsonObject)[key]))] as const,
  );
  return Object.fromEntries(parts.filter(([, part]) => part !== undefined)) as JsonObject;
}

function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
