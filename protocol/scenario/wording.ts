import { isPlainObject } from '../settings/plain-data.js';
import type { Json, JsonObject } from './scenario.js';

/** Swept values in words, for labels, tables and verdicts. */

/** `top-k(fraction=0.01)`: a name with its settings; other values as they are. */
export function valueInWords(value: Json): string {
  if (!isPlainObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const { name, ...settings } = value as JsonObject;
  const inside = Object.entries(settings).map(([key, setting]) => `${key}=${valueInWords(setting)}`);
  if (typeof name !== 'string') return inside.join(' ');
  return inside.length === 0 ? name : `${name}(${inside.join(' ')})`;
}

/** The value without the settings that all values of its axis share: the ones that differ. */
export function distinctPart(value: Json, axis: readonly Json[]): Json {
  if (!isPlainObject(value) || !axis.every(isPlainObject)) return value;
  const others = axis as readonly JsonObject[];
  const alike = (key: string, setting: Json) =>
    others.every((other) => key in other && JSON.stringify(other[key]) === JSON.stringify(setting));
  const distinct = Object.entries(value as JsonObject).filter(
    ([key, setting]) => key === 'name' || !alike(key, setting),
  );
  return distinct.length === 0 ? value : Object.fromEntries(distinct);
}

/** The last word of the path, or the whole path where another one ends alike. */
function shortName(path: string, paths: readonly string[]): string {
  const last = lastWord(path);
  return paths.some((other) => other !== path && lastWord(other) === last) ? path : last;
}

/** A thing's name is called like the thing: 'method' for `method.name`. */
const lastWord = (path: string): string => path.replace(/\.name$/, '').replace(/^.*\./, '');

/** Values by path, such as `refreshPeriod=10, seed=2`. `axes`: the values that each path is swept over, where it is. */
export function choiceInWords(
  values: Readonly<Record<string, Json>>,
  axes: Readonly<Record<string, readonly Json[]>> = {},
): string {
  const paths = Object.keys(values);
  return Object.entries(values)
    .map(([path, value]) => {
      const axis = axes[path];
      return `${shortName(path, paths)}=${valueInWords(axis ? distinctPart(value, axis) : value)}`;
    })
    .join(', ');
}
