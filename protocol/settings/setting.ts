import type { JsonObject } from './plain-data.js';
import type { Problems } from './problems.js';

/** What a setting takes, before it has a default and a meaning. */
export interface Kind<T> {
  /** The phrase after "expected", such as 'an integer of at least 1'. */
  readonly takes: string;
  /**
   * The value, settings inside it completed. Adds what is wrong to `problems`; the answer then has no meaning. `takes`: written in
   * place of the kind's own phrase, where the kind is a part of a larger one.
   */
  read(value: unknown, path: string, problems: Problems, takes?: string): T;
  /** Imports what a value names. */
  load?(value: unknown): Promise<void>;
  /**
   * Its strings name figures or series of a run. 'path': it is a path of the scenario; 'axis': 'round', a figure or such a path;
   * 'runs': an object whose keys are paths, and whose values choose runs of a sweep.
   */
  readonly reads?: 'figure' | 'series' | 'either' | 'path' | 'axis' | 'runs';
  /** Its strings name kinds of the method's messages, or its numbers are client indices: checked against the run. */
  readonly refersTo?: 'kind' | 'client';
  /** What it takes as a JSON Schema, in which `#/$defs/KIND` is anything of that kind; left out: any value. */
  readonly schema?: JsonObject;
}

/** One setting: what it takes, what it is by default, what it means. */
export interface Setting<T> extends Kind<T> {
  /** Plain data; undefined: the setting must be given. */
  readonly byDefault: T | undefined;
  /** One line for the documentation. */
  readonly meaning: string;
}

/** In place of a default: the setting must be given. */
export const required = Symbol('required');
export type Required = typeof required;

/** A default of null makes a setting that may be null. */
export type SettingOf<T, D> = Setting<D extends null ? T | null : T>;

/** A kind with its default and meaning. `byDefault`: null for a setting that may be null, `required` for one without default. */
export function settingOf<T, D>(kind: Kind<T>, byDefault: D, meaning: string): SettingOf<T, D> {
  const whole: Kind<T | null> = byDefault === null ? orNull(kind) : kind;
  return { ...whole, meaning, byDefault: byDefault === required ? undefined : byDefault } as unknown as SettingOf<T, D>;
}

function orNull<T>(kind: Kind<T>): Kind<T | null> {
  const whole = `${kind.takes} or null`;
  return {
    takes: whole,
    read: (value, path, problems, takes = whole) => (value === null ? null : kind.read(value, path, problems, takes)),
    ...(kind.schema && { schema: { anyOf: [kind.schema, { type: 'null' }] } }),
    ...(kind.load && { load: async (value: unknown) => (value === null ? undefined : kind.load!(value)) }),
  };
}

/** The same setting, which may be null too; its default stays. */
export function nullable<T>(setting: Setting<T>): Setting<T | null> {
  return { ...setting, ...orNull(setting) };
}
