import { join, type Problems } from './problems.js';

/** What survives JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** An object that survives JSON unchanged. */
export type JsonObject = { readonly [key: string]: Json };

/**
 * A copy that survives JSON unchanged. Keys whose value is undefined are left out; anything that JSON would lose or
 * bend (NaN, a function, a typed array, a Date, a cycle) is a problem at its path and becomes null.
 */
export function plainCopy(value: unknown, path: string, problems: Problems, above: readonly object[] = []): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value === 0 ? 0 : value;
    problems.add(path, 'a finite number', value);
    return null;
  }
  if (typeof value === 'object' && !above.includes(value)) {
    const inside = [...above, value];
    if (Array.isArray(value)) return value.map((item, index) => plainCopy(item, join(path, index), problems, inside));
    if (isPlainObject(value)) {
      const copy: Record<string, Json> = {};
      for (const [key, item] of Object.entries(value)) {
        if (item !== undefined) define(copy, key, plainCopy(item, join(path, key), problems, inside));
      }
      return copy;
    }
  }
  const got = typeof value === 'object' && above.includes(value) ? 'a cycle' : value;
  problems.add(path, 'plain JSON data (null, boolean, number, string, array, object)', got);
  return null;
}

/** An object made by a literal or by JSON, neither an array nor an instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  // A scenario loaded through another module loader may have another realm's Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Assignment that cannot reach a prototype, whatever the key. */
export function define(target: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}
