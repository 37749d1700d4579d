import { GradswarmError } from '../errors.js';
import { isPlainObject } from '../settings/plain-data.js';
import { join } from '../settings/problems.js';
import type { ScenarioInput, SweepInput } from './input.js';
import { isSweep } from './input.js';
import type { Json, JsonObject } from './scenario.js';
import { withoutPath } from './sweep-points.js';

export interface Assignment {
  readonly path: string;
  readonly value: Json;
}

/** `data.partition.alpha=0.1`: a path with dots (numbers for places in a list), and JSON or else a bare word. Throws ERR_USAGE. */
export function parseAssignment(text: string): Assignment {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(0, equals)).trim();
  const value = text.slice(equals + 1).trim();
  if (equals < 1 || path.split('.').includes(''))
    throw new GradswarmError('ERR_USAGE', `--set: expected path=value such as rounds=50, got '${text}'`);
  try {
    return { path, value: JSON.parse(value) as Json };
  } catch (cause) {
    if (!/^[[{"]/.test(value)) return { path, value };
    throw new GradswarmError('ERR_USAGE', `--set ${path}: expected JSON, got '${value}'`, { cause });
  }
}

/**
 * A copy of the scenario with one value replaced. Parts that were left out are made on the way, and a bare name on the
 * way becomes a spec; whether the path exists is checked when the scenario is resolved. In a sweep the base is
 * changed; a path that is swept keeps this one value. Throws ERR_USAGE.
 */
export function assign<T extends ScenarioInput | SweepInput>(input: T, { path, value }: Assignment): T {
  if (!isSweep(input)) return setPath(withFullCodecs(input as unknown as JsonObject), path, value) as unknown as T;
  if (Object.hasOwn(input.over, path)) return withoutPath({ ...input, over: { ...input.over, [path]: [value] } }, path);
  const axis = Object.keys(input.over).find(
    (swept) => `${swept}.`.startsWith(`${path}.`) || `${path}.`.startsWith(`${swept}.`),
  );
  if (axis !== undefined) {
    throw new GradswarmError(
      'ERR_USAGE',
      `${path}: expected a path that is not swept, got one that meets the axis '${axis}'; set '${axis}'`,
    );
  }
  const base = setPath(withFullCodecs(input.base as unknown as JsonObject), path, value);
  return { ...input, base } as unknown as T;
}

/** `value` at `path` inside a copy of `target`; everything else is shared. Throws ERR_USAGE. */
export function setPath(target: JsonObject, path: string, value: Json): JsonObject {
  return replace(target, path.split('.'), '', value) as JsonObject;
}

/** What is at `path`; undefined where the path leads nowhere. */
export function valueAtPath(target: Json, path: string): Json | undefined {
  let inside: Json | undefined = target;
  for (const key of path.split('.')) {
    if (typeof inside !== 'object' || inside === null || !Object.hasOwn(inside, key)) return undefined;
    inside = (inside as JsonObject)[key];
  }
  return inside;
}

function replace(target: Json | undefined, keys: readonly string[], before: string, value: Json): Json {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const path = join(before, key);
  if (Array.isArray(target) || (target === undefined && /^\d+$/.test(key))) {
    const items = (target ?? []) as readonly Json[];
    const index = Number(key);
    if (!/^\d+$/.test(key) || index > items.length) {
      const places = items.length === 0 ? '0' : `0 to ${items.length - 1}, or ${items.length} to add one`;
      throw new GradswarmError('ERR_USAGE', `${path}: expected a place in the list (${places}), got '${key}'`);
    }
    return [...items.slice(0, index), replace(items[index], rest, path, value), ...items.slice(index + 1)];
  }
  const holder = typeof target === 'string' ? { name: target } : (target ?? {});
  if (!isPlainObject(holder))
    throw new GradswarmError(
      'ERR_USAGE',
      `${path}: expected an object or a list at '${before}', got ${JSON.stringify(target)}`,
    );
  const inside = Object.hasOwn(holder, key) ? (holder[key] as Json) : undefined;
  return { ...(holder as JsonObject), [key]: replace(inside, rest, path, value) };
}

/** A codec's short form in its long form, so that a path into it means the same for both. */
function withFullCodecs(input: JsonObject): JsonObject {
  if (!isPlainObject(input.codecs)) return input;
  const codecs = Object.entries(input.codecs as JsonObject).map(([kind, value]) => [
    kind,
    isPlainObject(value) && 'codec' in value ? value : { codec: value },
  ]);
  return { ...input, codecs: Object.fromEntries(codecs) as JsonObject };
}
