import { closest, distance } from 'fastest-levenshtein';
import { GradswarmError } from '../../protocol/errors.js';

/** Plain settings of a data set or a partition, as a scenario writes them. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

function nearest(name: string, known: readonly string[]): string {
  if (known.length === 0) return '.';
  const guess = closest(name, known);
  return distance(name, guess) <= Math.min(3, guess.length / 2) ? `; did you mean '${guess}'?` : '.';
}

/** The entry of a table by name; ERR_SCENARIO with the known names otherwise. */
export function byName<T>(table: Readonly<Record<string, T>>, name: string, what: string): T {
  if (Object.hasOwn(table, name)) return table[name]!;
  const known = Object.keys(table);
  throw new GradswarmError(
    'ERR_SCENARIO',
    `${what} '${name}' is not known${nearest(name, known)} Known: ${known.join(', ')}`,
  );
}

/** Given settings over defaults. An unknown key, or a value of another type than its default, is ERR_SCENARIO. */
export function completeSettings<S extends Settings>(subject: string, defaults: S, given: Settings): S {
  const result: Record<string, string | number | boolean> = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, key))
      throw new GradswarmError(
        'ERR_SCENARIO',
        `${subject}: no setting '${key}'${nearest(key, Object.keys(defaults))} Settings: ${Object.keys(defaults).join(', ') || 'none'}`,
      );
    const expected = typeof defaults[key];
    if (typeof value !== expected || Number.isNaN(value))
      throw new GradswarmError(
        'ERR_SCENARIO',
        `${subject}: ${key}: expected a ${expected} such as ${JSON.stringify(defaults[key])}, got ${JSON.stringify(value)} (${typeof value})`,
      );
    result[key] = value;
  }
  return result as S;
}

/** Throws unless `value` is an integer in [least, most]. */
export function checkInteger(subject: string, name: string, value: number, least: number, most = 2 ** 32 - 1): void {
  checkRange(subject, name, value, least, most);
  if (!Number.isInteger(value))
    throw new GradswarmError('ERR_SCENARIO', `${subject}: ${name}: expected an integer, got ${value}`);
}

/** Throws unless `value` is a number in [least, most]. */
export function checkRange(subject: string, name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw new GradswarmError(
      'ERR_SCENARIO',
      `${subject}: ${name}: expected a number in [${least}, ${most}], got ${value}`,
    );
}

/** Throws unless `value` is positive and finite. */
export function checkPositive(subject: string, name: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new GradswarmError('ERR_SCENARIO', `${subject}: ${name}: expected a positive finite number, got ${value}`);
}

/** Throws unless `value` is one of `choices`. */
export function checkChoice(subject: string, name: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw new GradswarmError(
      'ERR_SCENARIO',
      `${subject}: ${name}: expected one of ${choices.join(', ')}, got '${value}'${nearest(value, choices)}`,
    );
}
