import { schedules } from '../schedules/schedule.js';
import { define, isPlainObject } from '../settings/plain-data.js';
import { join, type Problems } from '../settings/problems.js';
import type { Json, JsonObject } from './scenario.js';

/**
 * Settings over their defaults; every default is written out, in the defaults' order. A default's type is the type a
 * value must have, with these freedoms: a default of null takes a number, a string, an object, an array or null; an
 * object with a `name` is a spec, which any other spec or a bare name may replace (its own check judges it); any other
 * object is completed in turn, an empty one takes whatever it is given; an array takes an array, whose entries have the
 * type of the default's entries where these all have one; a number takes a schedule, and a schedule a number.
 */
export function complete(defaults: JsonObject, given: JsonObject, path: string, problems: Problems): JsonObject {
  const known = Object.keys(defaults);
  const result: Record<string, Json> = {};
  for (const key of known) {
    const value = Object.hasOwn(given, key)
      ? completeValue(defaults[key]!, given[key]!, join(path, key), problems)
      : structuredClone(defaults[key]!);
    define(result, key, value);
  }
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(defaults, key)) problems.unknownKey(path, key, known);
  }
  return result;
}

function completeValue(byDefault: Json, value: Json, path: string, problems: Problems): Json {
  if (byDefault === null) {
    if (typeof value === 'boolean') problems.add(path, 'a number, a string, an object, an array or null', value);
    return value;
  }
  if (isRate(byDefault) && isRate(value)) return value;
  if (Array.isArray(byDefault)) return completeArray(byDefault, value, path, problems);
  if (isPlainObject(byDefault)) return completeObject(byDefault as JsonObject, value, path, problems);
  if (typeof value !== typeof byDefault)
    problems.add(path, `a ${typeof byDefault} such as ${JSON.stringify(byDefault)}`, value);
  return value;
}

/** A number, or a schedule by its name; its own check judges the settings. */
function isRate(value: Json): boolean {
  return typeof value === 'number' || (isPlainObject(value) && schedules.names().includes(String(value.name)));
}

function completeObject(byDefault: JsonObject, value: Json, path: string, problems: Problems): Json {
  if (typeof byDefault.name === 'string') {
    if (typeof value === 'string') return { name: value };
    if (isPlainObject(value) && typeof value.name === 'string') return value as JsonObject;
    problems.add(path, `a name or an object with a name such as ${JSON.stringify(byDefault)}`, value);
    return byDefault;
  }
  if (!isPlainObject(value)) {
    problems.add(path, `an object such as ${JSON.stringify(byDefault)}`, value);
    return byDefault;
  }
  if (Object.keys(byDefault).length === 0) return value as JsonObject;
  return complete(byDefault, value as JsonObject, path, problems);
}

function completeArray(byDefault: readonly Json[], value: Json, path: string, problems: Problems): Json {
  if (!Array.isArray(value)) {
    problems.add(path, `an array such as ${JSON.stringify(byDefault)}`, value);
    return byDefault;
  }
  const [first] = byDefault;
  const one = typeof first;
  if (first === undefined || one === 'object' || byDefault.some((entry) => typeof entry !== one)) return value;
  value.forEach((entry, index) => {
    if (typeof entry !== one) problems.add(join(path, index), `a ${one} such as ${JSON.stringify(first)}`, entry);
  });
  return value;
}
