import { GradswarmError } from '../errors.js';
import type { CodecSpec } from './codec.js';

type Settings = Readonly<Record<string, unknown>>;

/** Reads one family's completed settings. Every failure is ERR_SCENARIO with the setting, what was expected and what came. */
export class SettingReader {
  constructor(
    private readonly owner: string,
    private readonly settings: Settings,
  ) {}

  refuse(name: string, expected: string): never {
    const got = this.settings[name];
    throw new GradswarmError(
      'ERR_SCENARIO',
      `${this.owner}, setting '${name}': expected ${expected}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`,
    );
  }

  integer(name: string, least: number, most: number): number {
    const value = this.settings[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      this.refuse(name, `an integer in [${least}, ${most}]`);
    return value;
  }

  integerOrNull(name: string, least: number, most: number): number | null {
    return this.settings[name] === null ? null : this.integer(name, least, most);
  }

  /** In (0, most] or, with `from: 'zero'`, [0, most]. */
  number(name: string, most: number, from: 'zero' | 'above-zero' = 'above-zero'): number {
    const value = this.settings[name];
    if (typeof value !== 'number' || !(value >= 0 && value <= most) || (value === 0 && from === 'above-zero'))
      this.refuse(name, `a number in ${from === 'zero' ? '[' : '('}0, ${most}]`);
    return value;
  }

  numberOrNull(name: string, most: number): number | null {
    return this.settings[name] === null ? null : this.number(name, most);
  }

  flag(name: string): boolean {
    const value = this.settings[name];
    if (typeof value !== 'boolean') this.refuse(name, 'true or false');
    return value;
  }

  choice<const T extends string>(name: string, options: readonly T[]): T {
    const value = this.settings[name];
    if (!options.includes(value as T)) this.refuse(name, options.map((option) => `'${option}'`).join(' or '));
    return value as T;
  }

  /** An array whose every element `read` takes: it answers undefined for one that is not `expected`. */
  list<T>(name: string, expected: string, read: (value: unknown) => T | undefined): readonly T[] {
    const value = this.settings[name];
    const elements = Array.isArray(value) ? value.map(read) : [undefined];
    if (elements.includes(undefined)) this.refuse(name, `an array of ${expected}`);
    return elements as T[];
  }

  codec(name: string): CodecSpec {
    const value = this.settings[name];
    if (!isCodecSpec(value)) this.refuse(name, "a codec such as { name: 'bf16' }");
    return value;
  }
}

export function isCodecSpec(value: unknown): value is CodecSpec {
  return typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string';
}

/** A spec's own settings over the family's defaults. Throws ERR_SCENARIO for a setting the family does not have. */
export function completeSettings(owner: string, defaults: Settings, spec: CodecSpec): Record<string, unknown> {
  const settings: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(spec)) {
    if (name === 'name' || value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) {
      const known = Object.keys(defaults);
      const expected = known.length === 0 ? 'no settings' : `one of ${known.join(', ')}`;
      throw new GradswarmError('ERR_SCENARIO', `${owner}: unknown setting '${name}'; expected ${expected}`);
    }
    settings[name] = value;
  }
  return settings;
}

/** Settings `fraction` and `count` of the sparse codecs: how many of `length` numbers are kept. */
export function readKeptCount(reader: SettingReader): { readonly ratio: number; keptOf(length: number): number } {
  const count = reader.integerOrNull('count', 1, 2147483647);
  const fraction = reader.number('fraction', 1);
  if (count !== null) return { ratio: 0, keptOf: (length) => Math.min(count, length) };
  // Rounded up, so that length / kept never passes 1 / fraction; the factor keeps 0.07 * 100 from becoming 8.
  return { ratio: fraction, keptOf: (length) => Math.min(length, Math.ceil(fraction * length * (1 - 1e-12))) };
}
