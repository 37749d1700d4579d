import { GradswarmError } from '../errors.js';

/** Checks that many methods need of their hyperparameters. All throw ERR_SCENARIO: path, expected, got. */

function refuse(path: string, expected: string, got: unknown): never {
  throw new GradswarmError('ERR_SCENARIO', `${path}: expected ${expected}, got ${JSON.stringify(got)}`);
}

export function requirePositive(path: string, value: number): void {
  if (!(value > 0)) refuse(path, 'a number above 0', value);
}

export function requireNonNegative(path: string, value: number): void {
  if (!(value >= 0)) refuse(path, 'a number of at least 0', value);
}

export function requireCount(path: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1)) refuse(path, 'a whole number of at least 1', value);
}

export function requireOneOf(path: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) refuse(path, allowed.map((name) => `'${name}'`).join(' or '), value);
}
