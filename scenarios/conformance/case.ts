/** What a case finds. `inconclusive`: the point of the case was not reached, because something before it went wrong. */
export type Verdict = 'pass' | 'fail' | 'not applicable' | 'inconclusive';

/** One statement about an implementation, and how it is tried. */
export interface Case<Stage> {
  /** Chapter, group and number, such as '1.2.3'. */
  readonly id: string;
  /** One sentence: what a right implementation does. */
  readonly title: string;
  /** Heading of docs/protocol.md, or 'PAGE: heading' of another page, that says so. */
  readonly section: string;
  /** Tries it; returns where the statement holds. Throws Failed, NotApplicable or NotReached. */
  run(stage: Stage): Promise<void>;
}

export interface Chapter<Stage> {
  readonly title: string;
  readonly cases: readonly Case<Stage>[];
}

/** The statement does not hold. */
export class Failed extends Error {
  constructor(
    readonly expected: string,
    readonly got: string,
    /** Why the protocol demands it, in a few words. */
    readonly why: string,
  ) {
    super(`expected ${expected}, got ${got}`);
  }
}

/** The implementation does not offer what the case is about. */
export class NotApplicable extends Error {}

/** Something that the case needs first did not come. Inside `required` it is a failure. */
export class NotReached extends Error {}

/** The step that the case is about: what does not come here is a failure. */
export async function required<T>(expected: string, why: string, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof NotReached) throw new Failed(expected, error.message, why);
    throw error;
  }
}

/** A value as a person reads it: bytes in hexadecimal, a long text cut. */
function shown(value: unknown): string {
  if (value instanceof Uint8Array) return value.length === 0 ? 'no bytes' : cut(Buffer.from(value).toString('hex'));
  const text = JSON.stringify(value, (_key, inner) => (inner instanceof Uint8Array ? shown(inner) : inner));
  return cut(text ?? String(value));
}

function cut(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length} characters)`;
}

/** Both are the same value; integers and floats of the same number are. */
export function equal(got: unknown, expected: unknown, why: string): void {
  const [left, right] = [canonical(got), canonical(expected)];
  if (left !== right) throw new Failed(shown(expected), shown(got), why);
}

function canonical(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`;
}

/** `holds`, or a failure. */
export function expected(holds: boolean, what: string, got: unknown, why: string): void {
  if (!holds) throw new Failed(what, shown(got), why);
}
