import { deepStrictEqual } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { describe as inWords } from '../../protocol/settings/problems.js';

/** One sentence of a contract, and the trial that shows whether it holds. */
export interface Claim {
  readonly title: string;
  /** Rejects with what was expected and what was found. */
  run(): Promise<void>;
}

/** What a claim rejects with: `what: expected X, got Y`, and after it what to do. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
  constructor(
    readonly problem: string,
    /** What the cause may be, or what to do; null: the problem says it. */
    readonly advice: string | null = null,
  ) {
    super(advice === null ? problem : `${problem}: ${advice}`);
  }
}

export function claim(title: string, run: () => void | Promise<void>): Claim {
  return { title, run: async () => run() };
}

export function ensure(holds: boolean, what: string, advice: string | null = null): asserts holds {
  if (!holds) throw new ClaimError(what, advice);
}

export function ensureEqual(got: unknown, expected: unknown, what: string, advice: string | null = null): void {
  try {
    deepStrictEqual(got, expected);
  } catch {
    throw new ClaimError(`${what}${firstDifference(got, expected)}`, advice);
  }
}

/** Of two runs that must end in the same states. `where`: which of them it is, after a space. */
export function ensureSameBits(got: string, expected: string, where = ''): void {
  const short = (digest: string) => digest.slice(0, 12);
  ensure(
    got === expected,
    `digest of all states${where}: expected ${short(expected)}…, got ${short(got)}…`,
    'what counts is kept outside of states and messages (a variable beside the function, a cache, a clock), or something given was written to',
  );
}

/** The first place where they differ: `.path: expected X, got Y`. */
function firstDifference(got: unknown, expected: unknown): string {
  if (isNumbers(got) && isNumbers(expected) && got.constructor === expected.constructor) {
    if (got.length !== expected.length) return `: expected ${expected.length} numbers, got ${got.length}`;
    const i = expected.findIndex((value, at) => !Object.is(value, got[at]));
    return `: number ${i} of ${expected.length}: expected ${expected[i]}, got ${got[i]}`;
  }
  if (isTree(got) && isTree(expected)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(got)]);
    for (const key of keys)
      if (!isDeepStrictEqual(got[key], expected[key]))
        return `${Array.isArray(expected) ? `[${key}]` : `.${key}`}${firstDifference(got[key], expected[key])}`;
  }
  return `: expected ${inWords(expected)}, got ${inWords(got)}`;
}

/** An array or a record of values that may differ each for itself. */
function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && Object.keys(value).length > 0;
}

function isNumbers(value: unknown): value is Float64Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
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
