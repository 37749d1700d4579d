import { z } from 'zod';
import { isPlainObject } from '../settings/plain-data.js';
import { join, type Problems } from '../settings/problems.js';
import type { Json } from './scenario.js';

/**
 * Building stones of schemas whose error text is the phrase after "expected", and the reader that turns what zod finds
 * into a scenario's problems.
 */

export const integer = (least: number, most?: number) => {
  const schema = z.int({ error: integerPhrase(least, most) }).min(least, { error: integerPhrase(least, most) });
  return most === undefined ? schema : schema.max(most, { error: integerPhrase(least, most) });
};

function integerPhrase(least: number, most?: number): string {
  return most === undefined ? `an integer of at least ${least}` : `an integer from ${least} to ${most}`;
}

/** `range` in words, such as 'a number in [0, 1]'. */
export const number = (range: string, holds: (value: number) => boolean) =>
  z.number({ error: range }).refine(holds, { error: range });

export const atLeastZero = number('a number of at least 0', (value) => value >= 0);
export const positive = number('a number above 0', (value) => value > 0);
export const text = z.string({ error: 'a string' });

export const choice = <const T extends readonly string[]>(...words: T) =>
  z.enum(words, { error: `one of ${words.map((word) => `'${word}'`).join(', ')}` });

/** An object with these keys and no others. */
export const strict = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : 'an object') });

export const list = <T extends z.ZodType>(element: T) => z.array(element, { error: 'an array' });

export const either = <const T extends readonly [z.ZodType, z.ZodType, ...z.ZodType[]]>(
  phrase: string,
  ...options: T
) => z.union(options, { error: phrase });

/** The value with its defaults, or undefined after the problems were noted. */
export function parse<S extends z.ZodType>(
  schema: S,
  value: Json,
  path: string,
  problems: Problems,
): z.output<S> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const at = issue.path.reduce<string>((before, key) => join(before, String(key)), path);
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) problems.unknownKey(at, key, keysAt(schema, issue.path));
    } else {
      problems.add(at, issue.message, valueAt(value, issue.path));
    }
  }
  return undefined;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inside, key) =>
      typeof inside === 'object' && inside !== null ? (inside as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

/** Keys that a schema knows at a path, through defaults, arrays and unions. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional
  )
    return keysAt(schema.unwrap() as z.ZodType, path);
  if (schema instanceof z.ZodUnion)
    return [...new Set(schema.options.flatMap((option) => keysAt(option as z.ZodType, path)))];
  const [key, ...rest] = path;
  if (schema instanceof z.ZodArray && key !== undefined) return keysAt(schema.element as z.ZodType, rest);
  if (schema instanceof z.ZodRecord && key !== undefined) return keysAt(schema.valueType as z.ZodType, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Record<string, z.ZodType>;
  if (key === undefined) return Object.keys(shape);
  const child = shape[String(key)];
  return child === undefined ? [] : keysAt(child, rest);
}

/** A bare name stands for the spec without settings; anything else that is not a spec is a problem. */
export function specOf(
  value: Json | undefined,
  what: string,
  path: string,
  problems: Problems,
): { name: string; settings: Record<string, Json> } | undefined {
  if (typeof value === 'string') return { name: value, settings: {} };
  if (isPlainObject(value) && typeof value.name === 'string') {
    const { name, ...settings } = value;
    return { name, settings: settings as Record<string, Json> };
  }
  problems.add(path, `the name of ${what} or an object with a name and settings`, value);
  return undefined;
}
