import { isPlainObject } from '../settings/plain-data.js';
import type { Json, JsonObject } from './scenario.js';

/** Swept values in words, for labels, tables and verdicts. */

/**
 * `top-k(fraction=0.01)`: a name with its settings; `drop + crash`: several; 'none': nothing; `phones.csv` or `1152 rows`: a trace; other
 * values as they are.
 */
export function valueInWords(value: Json): string {
  if (Array.isArray(value) && value.every((entry: Json) => nameOf(entry) !== null))
    return value.map(valueInWords).join(' + ') || 'none';
  if (!isPlainObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const { rows, file } = value as JsonObject;
  if (Array.isArray(rows) && rows.length > MOST_ENTRIES) return typeof file === 'string' ? file : `${rows.length} rows`;
  const named = nameOf(value);
  const inside = Object.entries(value as JsonObject)
    .filter(([key]) => named === null || !NAMES.includes(key))
    .map(([key, setting]) => `${key}=${valueInWords(setting)}`);
  if (named === null) return inside.join(' ') || 'none';
  return inside.length === 0 ? named : `${named}(${inside.join(' ')})`;
}

/** The value without the settings that all values of its axis share: the ones that differ. */
function distinctPart(value: Json, axis: readonly Json[]): Json {
  if (!isPlainObject(value) || !axis.every(isPlainObject)) return value;
  const others = axis as readonly JsonObject[];
  const alike = (key: string, setting: Json) =>
    others.every((other) => key in other && JSON.stringify(other[key]) === JSON.stringify(setting));
  const distinct = Object.entries(value as JsonObject).filter(
    ([key, setting]) => NAMES.includes(key) || !alike(key, setting),
  );
  return distinct.length === 0 ? value : Object.fromEntries(distinct);
}

/** More entries than this make no label. */
const MOST_ENTRIES = 6;

/** Four digits of every number inside. */
function rounded(value: Json): Json {
  if (typeof value === 'number') return Number(value.toPrecision(4));
  if (Array.isArray(value)) return value.map(rounded);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, inside]) => [key, rounded(inside)]));
}

/**
 * Of a long list: in its first entry that no other list of the axis has in that place one setting that differs, or all that do, in four digits
 * where they suffice, and how many more entries there are; null: it is short, or has no such entry.
 */
function longList(value: Json, axis: readonly Json[]): string | null {
  if (!Array.isArray(value) || value.length <= MOST_ENTRIES) return null;
  const whole = JSON.stringify(value);
  const others = axis.filter((other) => Array.isArray(other) && JSON.stringify(other) !== whole) as (readonly Json[])[];
  const own = value.findIndex((entry: Json, i) =>
    others.every((other) => JSON.stringify(other[i]) !== JSON.stringify(entry)),
  );
  if (own < 0) return null;
  const place = [value, ...others].flatMap((list) => (own < list.length ? [list[own]!] : []));
  const words = (of: (entry: Json) => Json) => {
    const entries = place.map((entry) => distinctPart(of(entry), place.map(of)));
    return (firstThatDiffers(entries) ?? entries).map(valueInWords);
  };
  const short = words(rounded);
  const suffices = short.slice(1).every((other) => other !== short[0]);
  const at = own === 0 ? '' : ` (entry ${own})`;
  return `${suffices ? short[0] : words((entry) => entry)[0]}${at} + ${value.length - 1} more`;
}

/** Of the entries' settings the first in which no two are alike; null: there is none. */
function firstThatDiffers(entries: readonly Json[]): readonly Json[] | null {
  if (!entries.every(isPlainObject)) return null;
  const objects = entries as readonly JsonObject[];
  const key = Object.keys(objects[0]!).find(
    (name) => new Set(objects.map((entry) => JSON.stringify(entry[name]))).size === objects.length,
  );
  return key === undefined ? null : objects.map((entry) => ({ [key]: entry[key]! }));
}

/**
 * What distinguishes a value from the others of its axis, in few words: a thing's name alone where no other has it, else with the settings in
 * which those of the same name differ; of a list its entries in that way.
 */
export function shortWords(value: Json, axis: readonly Json[]): string {
  const long = longList(value, axis);
  if (long !== null) return long;
  if (Array.isArray(value)) {
    const lists = axis.filter((other): other is readonly Json[] => Array.isArray(other));
    const words = value.map((entry: Json, i) =>
      shortWords(
        entry,
        lists.flatMap((list) => (i < list.length ? [list[i]!] : [])),
      ),
    );
    return words.length === 0 ? 'none' : words.join(' + ');
  }
  const name = nameOf(value);
  if (name === null) return valueInWords(distinctPart(value, axis));
  const alike = axis.filter((other) => nameOf(other) === name);
  const different = new Set(alike.map((other) => JSON.stringify(other))).size > 1;
  return different ? valueInWords(distinctPart(value, alike)) : name;
}

/** Where a thing has its name: faults have it under `fault`. */
const NAMES: readonly string[] = ['name', 'fault'];

function nameOf(value: Json): string | null {
  if (!isPlainObject(value)) return null;
  const name = NAMES.map((key) => (value as JsonObject)[key]).find((one) => typeof one === 'string');
  return (name as string | undefined) ?? null;
}

/** The last word of the path, or the whole path where another one ends alike. */
function shortName(path: string, paths: readonly string[]): string {
  const last = lastWord(path);
  return paths.some((other) => other !== path && lastWord(other) === last) ? path : last;
}

/** A thing's name is called like the thing: 'method' for `method.name`, 'update' for `aggregators.update.0.name`. */
const lastWord = (path: string): string => path.replace(/(\.\d+)*\.name$/, '').replace(/^.*\./, '');

/** Values by path, such as `refreshPeriod=10, seed=2`. `axes`: the values that each path is swept over, where it is. */
export function choiceInWords(
  values: Readonly<Record<string, Json>>,
  axes: Readonly<Record<string, readonly Json[]>> = {},
): string {
  const paths = Object.keys(values);
  return Object.entries(values)
    .map(([path, value]) => {
      const axis = axes[path];
      const words = axis ? (longList(value, axis) ?? valueInWords(distinctPart(value, axis))) : valueInWords(value);
      return `${shortName(path, paths)}=${words}`;
    })
    .join(', ');
}
