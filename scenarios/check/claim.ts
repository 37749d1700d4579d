import { deepStrictEqual } from 'node:assert';
import { describe as inWords } from '../../protocol/settings/problems.js';

/** One sentence of a contract, and the trial that shows whether it holds. */
export interface Claim {
  readonly title: string;
  /** Rejects with what was expected and what came. */
  run(): Promise<void>;
}

/** What a claim rejects with: `what: expected X, got Y`. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

export function claim(title: string, run: () => void | Promise<void>): Claim {
  return { title, run: async () => run() };
}

export function ensure(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ClaimError(what);
}

export function ensureEqual(got: unknown, expected: unknown, what: string): void {
  try {
    deepStrictEqual(got, expected);
  } catch {
    throw new ClaimError(`${what}: expected ${inWords(expected)}, got ${inWords(got)}`);
  }
}

/** Below, strictly. */
export function ensureBelow(got: number, bound: number, what: string): void {
  ensure(got < bound, `${what}: expected a number below ${bound}, got ${got}`);
}

export function ensureAtMost(got: number, bound: number, what: string): void {
  ensure(got <= bound, `${what}: expected a number of at most ${bound}, got ${got}`);
}

/** `task` throws a GradswarmError whose text matches. */
export function ensureRefused(task: () => unknown, text: RegExp, what: string): void {
  let got = 'no error';
  try {
    task();
  } catch (error) {
    got = (error as Error).message;
  }
  ensure(text.test(got), `${what}: expected an error such as ${text}, got ${inWords(got)}`);
}

/** What claims share, made once and only if one of them is tried. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
