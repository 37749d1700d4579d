import { isPlainObject, type JsonObject } from './plain-data.js';
import { describe, join, nearestHint, Problems } from './problems.js';
import { type Kind, type Required, type Setting, type SettingOf, settingOf } from './setting.js';

/** What settings take. Each maker's default may be null (then null is accepted too) or `required`. */

/** A kind of plain values: those of which `holds` is true. */
export function kindOf<T>(takes: string, holds: (value: unknown) => boolean, schema: JsonObject = {}): Kind<T> {
  return {
    takes,
    schema,
    read(value, path, problems, whole = takes) {
      if (!holds(value)) problems.add(path, whole, value);
      return value as T;
    },
  };
}

/** Bounds of a number: inclusive `least` and `most`, exclusive `above` and `below`. */
export interface Range {
  readonly least?: number;
  readonly most?: number;
  readonly above?: number;
  readonly below?: number;
}

export function within(value: number, { least, most, above, below }: Range): boolean {
  if (least !== undefined && !(value >= least)) return false;
  if (most !== undefined && !(value <= most)) return false;
  if (above !== undefined && !(value > above)) return false;
  return below === undefined || value < below;
}

/** 'a number in (0, 1]', 'a number of at least 0', … */
export function rangeInWords(noun: string, { least, most, above, below }: Range): string {
  const low = least ?? above;
  const high = most ?? below;
  if (low !== undefined && high !== undefined)
    return `${noun} in ${least === undefined ? '(' : '['}${low}, ${high}${most === undefined ? ')' : ']'}`;
  if (least !== undefined) return `${noun} of at least ${least}`;
  if (above !== undefined) return `${noun} above ${above}`;
  if (most !== undefined) return `${noun} of at most ${most}`;
  return below === undefined ? noun : `${noun} below ${below}`;
}

const numberKind = (range: Range): Kind<number> =>
  kindOf(rangeInWords('a number', range), (value) => Number.isFinite(value) && within(value as number, range), {
    type: 'number',
    ...boundsOf(range),
  });

/** In a JSON Schema. */
export function boundsOf({ least, most, above, below }: Range): JsonObject {
  return {
    ...(least !== undefined && { minimum: least }),
    ...(most !== undefined && { maximum: most }),
    ...(above !== undefined && { exclusiveMinimum: above }),
    ...(below !== undefined && { exclusiveMaximum: below }),
  };
}

type NumberDefault = number | null | Required;

/** A setting that takes a finite number, in `range` where it is given. */
export function number<const D extends NumberDefault>(
  byDefault: D,
  meaning: string,
  range: Range = {},
): SettingOf<number, D> {
  return settingOf<number, D>(numberKind(range), byDefault, meaning);
}

/** Above 0. */
export function positive<const D extends NumberDefault>(byDefault: D, meaning: string): SettingOf<number, D> {
  return number(byDefault, meaning, { above: 0 });
}

/** At least 0. */
export function atLeastZero<const D extends NumberDefault>(byDefault: D, meaning: string): SettingOf<number, D> {
  return number(byDefault, meaning, { least: 0 });
}

/** Six days: with what is added to it and its multiples still below 2^31, above which timers fire at once, and finite in every sum. */
const LONGEST_MS = 500_000_000;

/** Of real or simulated time, up to six days; `range`: at least 0 where it is left out. */
export function milliseconds<const D extends NumberDefault>(
  byDefault: D,
  meaning: string,
  range: Range = { least: 0 },
): SettingOf<number, D> {
  return number(byDefault, meaning, { ...range, most: LONGEST_MS });
}

/** In (0, 1]. */
export function fraction<const D extends NumberDefault>(byDefault: D, meaning: string): SettingOf<number, D> {
  return number(byDefault, meaning, { above: 0, most: 1 });
}

/** In [0, 1]. */
export function probability<const D extends NumberDefault>(byDefault: D, meaning: string): SettingOf<number, D> {
  return number(byDefault, meaning, { least: 0, most: 1 });
}

/** Of a running mean, in [0, 1). */
export function decay<const D extends NumberDefault>(byDefault: D, meaning: string): SettingOf<number, D> {
  return number(byDefault, meaning, { least: 0, below: 1 });
}

/** A setting that takes a whole number, in `range` where it is given. */
export function integer<const D extends NumberDefault>(
  byDefault: D,
  meaning: string,
  range: Range = {},
): SettingOf<number, D> {
  const kind = kindOf<number>(
    rangeInWords('an integer', range),
    (value) => Number.isSafeInteger(value) && within(value as number, range),
    { type: 'integer', ...boundsOf(range) },
  );
  return settingOf<number, D>(kind, byDefault, meaning);
}

/** An integer of at least 1. */
export function count<const D extends NumberDefault>(
  byDefault: D,
  meaning: string,
  most?: number,
): SettingOf<number, D> {
  return integer(byDefault, meaning, { least: 1, ...(most !== undefined && { most }) });
}

/** A setting that is true or false. */
export function flag<const D extends boolean | null | Required>(byDefault: D, meaning: string): SettingOf<boolean, D> {
  return settingOf<boolean, D>(
    kindOf('true or false', (value) => typeof value === 'boolean', { type: 'boolean' }),
    byDefault,
    meaning,
  );
}

/** A string that is not empty. `takes`: such as "the name of a figure". */
export function text<const D extends string | null | Required>(
  byDefault: D,
  meaning: string,
  takes = 'a string that is not empty',
): SettingOf<string, D> {
  return settingOf<string, D>(
    kindOf(takes, (value) => typeof value === 'string' && value !== '', { type: 'string', minLength: 1 }),
    byDefault,
    meaning,
  );
}

/** Any string. */
export function string<const D extends string | null | Required>(byDefault: D, meaning: string): SettingOf<string, D> {
  return settingOf<string, D>(
    kindOf('a string', (value) => typeof value === 'string', { type: 'string' }),
    byDefault,
    meaning,
  );
}

/** One of some words or numbers. */
export function oneOf<const W extends string | number, const D extends W | null | Required>(
  words: readonly W[],
  byDefault: D,
  meaning: string,
): SettingOf<W, D> {
  const takes = words.length === 1 ? describe(words[0]) : `one of ${words.map(describe).join(', ')}`;
  const kind: Kind<W> = {
    takes,
    schema: { enum: words },
    read(value, path, problems, whole = takes) {
      if (!words.includes(value as W))
        problems.add(path, whole, value, typeof value === 'string' ? nearestHint(value, words.map(String)) : '');
      return value as W;
    },
  };
  return settingOf<W, D>(kind, byDefault, meaning);
}

/** An array whose elements are what `element` takes. `least`: of its length. */
export function list<T, const D extends readonly T[] | null | Required>(
  element: Setting<T>,
  byDefault: D,
  meaning: string,
  least = 0,
): SettingOf<readonly T[], D> {
  const takes = `an array${least > 0 ? ` of at least ${least}` : ''}, each entry ${element.takes}`;
  const kind: Kind<readonly T[]> = {
    takes,
    schema: { type: 'array', items: element.schema ?? {}, ...(least > 0 && { minItems: least }) },
    read(value, path, problems, whole = takes) {
      if (!Array.isArray(value) || value.length < least) {
        problems.add(path, whole, value);
        return [];
      }
      return value.map((one, index) => element.read(one, join(path, index), problems));
    },
    ...(element.reads && { reads: element.reads }),
    ...(element.refersTo && { refersTo: element.refersTo }),
    ...(element.load && {
      load: async (value: unknown) => {
        for (const one of Array.isArray(value) ? value : []) await element.load!(one);
      },
    }),
  };
  return settingOf<readonly T[], D>(kind, byDefault, meaning);
}

/** An object of any keys whose values are what `element` takes. */
export function record<T, const D extends Readonly<Record<string, T>> | null | Required>(
  element: Setting<T>,
  byDefault: D,
  meaning: string,
): SettingOf<Readonly<Record<string, T>>, D> {
  const takes = `an object whose values are each ${element.takes}`;
  const kind: Kind<Readonly<Record<string, T>>> = {
    takes,
    schema: { type: 'object', additionalProperties: element.schema ?? {} },
    read(value, path, problems, whole = takes) {
      if (!isPlainObject(value)) {
        problems.add(path, whole, value);
        return {};
      }
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, element.read(one, join(path, key), problems)]),
      );
    },
  };
  return settingOf<Readonly<Record<string, T>>, D>(kind, byDefault, meaning);
}

/**
 * What one of several kinds takes; `takes` says all of it in a phrase. The first that fits reads the value. Where none does and the
 * value is an object of the form that one of them takes, what is wrong inside it is reported.
 */
export function either<T extends readonly unknown[], const D extends T[number] | null | Required>(
  takes: string,
  kinds: { readonly [I in keyof T]: Setting<T[I]> },
  byDefault: D,
  meaning: string,
): SettingOf<T[number], D> {
  const options = kinds as readonly Setting<T[number]>[];
  const kind: Kind<T[number]> = {
    takes,
    schema: { anyOf: options.map(({ schema }) => schema ?? {}) },
    read(value, path, problems, whole = takes) {
      const wrong = options.map(() => new Problems());
      for (const [index, option] of options.entries()) {
        const read = option.read(value, path, wrong[index]!);
        if (wrong[index]!.count === 0) return read;
      }
      const [nearest, next] = wrong.filter((one) => one.areBelow(path)).sort((a, b) => a.count - b.count);
      if (nearest && (!next || nearest.count < next.count)) problems.take(nearest);
      else problems.add(path, whole, value);
      return value as T[number];
    },
    load: async (value) => {
      for (const option of options) await option.load?.(value);
    },
  };
  return settingOf<T[number], D>(kind, byDefault, meaning);
}

/** Plain data of any form. */
export function anything<T, const D extends T | null | Required>(byDefault: D, meaning: string): SettingOf<T, D> {
  return settingOf<T, D>(
    kindOf('plain data', () => true),
    byDefault,
    meaning,
  );
}
