import { define, isPlainObject, type Json, type JsonObject } from './plain-data.js';
import { join, Problems } from './problems.js';
import { type Kind, type Required, type Setting, type SettingOf, settingOf } from './setting.js';

type Shape = Readonly<Record<string, Setting<unknown>>>;

/** The complete settings that a shape describes. */
type ValuesOf<S extends Shape> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** The type of the complete settings: `type AdamSettings = SettingsOf<typeof settings>`. */
export type SettingsOf<S> = S extends Settings<infer T> ? T : never;

/** What a script writes of settings T: all but `Needed` have defaults. */
export type Given<T, Needed extends keyof T = never> = Partial<Omit<T, Needed>> & Pick<T, Needed>;

/** What is wrong between settings that are right one by one. `at`: the setting; left out, all of them together. */
export interface Conflict {
  readonly at?: string;
  /** What stands after "expected". */
  readonly expected: string;
  /** Left out: the value of the setting `at`, or all settings that were given. */
  readonly got?: unknown;
}

/** One row of a table in the documentation. */
export interface SettingRow {
  readonly name: string;
  readonly takes: string;
  /** undefined: it must be given. */
  readonly byDefault: unknown;
  readonly meaning: string;
}

/**
 * The settings of one thing that a scenario names: types, defaults, ranges, meanings and documentation from one expression.
 * Values are plain data. Immutable.
 */
export class Settings<T extends object> {
  constructor(
    readonly shape: Shape,
    private readonly rules: readonly ((settings: T) => Conflict | null)[] = [],
  ) {}

  /** The same settings under one more rule that looks at several of them; checked when each of them is right. */
  and(rule: (settings: T) => Conflict | null): Settings<T> {
    return new Settings(this.shape, [...this.rules, rule]);
  }

  /** These settings and more. Rules of these stay. */
  with<S extends Shape>(more: S): Settings<Omit<T, keyof S> & ValuesOf<S>> {
    const rules = this.rules as unknown as readonly ((settings: Omit<T, keyof S> & ValuesOf<S>) => Conflict | null)[];
    return new Settings({ ...this.shape, ...more }, rules);
  }

  /** These settings below others, which come first. Rules of these stay. */
  under<S extends Shape>(others: S): Settings<ValuesOf<S> & T> {
    return new Settings({ ...others, ...this.shape }, this.rules as never);
  }

  /** Copies of all defaults. Settings that must be given are left out. */
  get defaults(): T {
    const values: Record<string, Json> = {};
    for (const [name, setting] of Object.entries(this.shape))
      if (setting.byDefault !== undefined) define(values, name, structuredClone(setting.byDefault) as Json);
    return values as unknown as T;
  }

  /**
   * `given` over the defaults, in the order of the definition, settings inside settings completed too. Everything that is
   * wrong is added to `problems`, and then what is returned has no meaning.
   */
  complete(given: Readonly<Record<string, unknown>>, path: string, problems: Problems): T {
    const before = problems.count;
    const values: Record<string, Json> = {};
    for (const [name, setting] of Object.entries(this.shape)) {
      const value = Object.hasOwn(given, name) && given[name] !== undefined ? given[name] : setting.byDefault;
      if (value === undefined) problems.add(join(path, name), setting.takes, undefined);
      else define(values, name, setting.read(value, join(path, name), problems) as Json);
    }
    const known = Object.keys(this.shape);
    for (const key of Object.keys(given))
      if (!Object.hasOwn(this.shape, key) && given[key] !== undefined) problems.unknownKey(path, key, known);
    const settings = values as unknown as T;
    if (problems.count === before) this.checkTogether(settings, given, path, problems);
    return settings;
  }

  private checkTogether(settings: T, given: object, path: string, problems: Problems): void {
    for (const rule of this.rules) {
      const conflict = rule(settings);
      if (!conflict) continue;
      const { at, expected } = conflict;
      const place = at === undefined ? path : at.split('.').reduce<string>(join, path);
      const got = 'got' in conflict ? conflict.got : at === undefined ? given : valueAt(settings, at);
      problems.add(place, expected, got);
    }
  }

  /** `given` completed. Throws ERR_SCENARIO with every problem, its path beginning with `path`. */
  parse(path: string, given: object): T {
    const problems = new Problems();
    const settings = this.complete(given as Record<string, unknown>, path, problems);
    problems.throwIfAny();
    return settings;
  }

  /** Imports what `given` and the defaults name, so that it can be read without waiting. Unknown names are left to `complete`. */
  async load(given: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [name, setting] of Object.entries(this.shape)) await setting.load?.(given[name] ?? setting.byDefault);
  }

  /** As a JSON Schema, in which `#/$defs/KIND` is anything of that kind. Rules between settings are not part of it. */
  schema(): JsonObject & { readonly properties: JsonObject; readonly required: readonly string[] } {
    const properties = Object.entries(this.shape).map(([name, { schema, meaning, byDefault }]) => [
      name,
      { ...schema, description: meaning, ...(byDefault !== undefined && { default: byDefault as Json }) },
    ]);
    return {
      type: 'object',
      properties: Object.fromEntries(properties) as JsonObject,
      required: Object.keys(this.shape).filter((name) => this.shape[name]!.byDefault === undefined),
      additionalProperties: false,
    };
  }

  rows(): readonly SettingRow[] {
    return Object.entries(this.shape).map(([name, { takes, byDefault, meaning }]) => ({
      name,
      takes,
      byDefault,
      meaning,
    }));
  }
}

function valueAt(settings: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inside, key) => (isPlainObject(inside) || Array.isArray(inside) ? (inside as JsonObject)[key] : undefined),
      settings,
    );
}

/** Settings from one expression: `defineSettings({ batchSize: count(32, 'Examples of each batch') })`. */
export function defineSettings<const S extends Shape>(shape: S): Settings<ValuesOf<S>> {
  return new Settings(shape);
}

/** An object with settings of its own. */
export function group<T extends object, const D extends Partial<T> | null | Required>(
  settings: Settings<T>,
  byDefault: D,
  meaning: string,
): SettingOf<T, D> {
  const takes = `an object with ${Object.keys(settings.shape).join(', ')}`;
  const kind: Kind<T> = {
    takes,
    schema: settings.schema(),
    read(value, path, problems, whole = takes) {
      if (isPlainObject(value)) return settings.complete(value, path, problems);
      problems.add(path, whole, value);
      return settings.defaults;
    },
    load: async (value) => (isPlainObject(value) ? settings.load(value) : undefined),
  };
  return settingOf<T, D>(kind, byDefault, meaning);
}
