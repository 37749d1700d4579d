import { distance } from 'fastest-levenshtein';
import { GradswarmError } from '../errors.js';

/** Collects all errors of a scenario, so that they are reported together. */
export class Problems {
  private readonly lines: string[] = [];

  /** `path: expected X, got Y`. `hint` follows as it is. */
  add(path: string, expected: string, got: unknown, hint = ''): void {
    this.lines.push(`${place(path)}: expected ${expected}, got ${describe(got)}${hint}`);
  }

  /** A key that does not exist at `path`. */
  unknownKey(path: string, key: string, known: readonly string[]): void {
    this.lines.push(unknownNameProblem(join(path, key), 'a setting', key, known));
  }

  /** A name that is in no table; `what` such as `a method`. */
  unknownName(path: string, what: string, name: unknown, known: readonly string[]): void {
    this.lines.push(unknownNameProblem(path, what, name, known));
  }

  /** The message of a check elsewhere. */
  report(path: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.lines.push(`${place(path)}: ${text.replace(/^ERR_[A-Z_]+: /, '')}`);
  }

  /** A whole problem, its path included. */
  text(problem: string): void {
    this.lines.push(problem);
  }

  /** A whole problem of a check made elsewhere, which names its path. */
  line(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.lines.push(text.replace(/^ERR_[A-Z_]+: /, ''));
  }

  /** Those of another check. */
  take(others: Problems): void {
    this.lines.push(...others.lines);
  }

  /** Is each of them about something inside what is at `path`? */
  areBelow(path: string): boolean {
    return this.lines.every((line) => line.startsWith(`${path}.`));
  }

  get count(): number {
    return this.lines.length;
  }

  /** Throws ERR_SCENARIO with one line a problem, if there is any. `subject`: what the text begins with; may be left out. */
  throwIfAny(subject?: string): void {
    if (this.lines.length === 0) return;
    const [only] = this.lines;
    const before = subject === undefined ? '' : `${subject}: `;
    const text =
      this.lines.length === 1
        ? `${before}${only}`
        : `${before}${this.lines.length} problems\n${this.lines.map((line) => `  ${line}`).join('\n')}`;
    throw new GradswarmError('ERR_SCENARIO', text);
  }
}

/** `parent.key`, or the key alone at the top. */
export function join(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`;
}

/** The one wording for a name that does not exist. The known names are listed where none of them is near. */
export function unknownNameProblem(path: string, what: string, name: unknown, known: readonly string[]): string {
  const hint = typeof name === 'string' ? nearestHint(name, known) : '';
  const list = hint !== '' ? '' : ` (${known.length === 0 ? 'there is none' : known.join(', ')})`;
  return `${place(path)}: expected the name of ${what}${list}, got ${describe(name)}${hint}`;
}

/**
 * The known word that `word` was probably meant to be; null when none is near: one edit for two letters of the shorter
 * word, two for five, three for eight, …, or the same letters in another order. Upper and lower case are alike.
 */
export function nearest(word: string, known: readonly string[]): string | null {
  const asked = word.toLowerCase();
  let best: { readonly name: string; readonly edits: number } | null = null;
  for (const name of known) {
    const candidate = name.toLowerCase();
    const edits =
      sorted(asked) === sorted(candidate) ? Math.min(1, distance(asked, candidate)) : distance(asked, candidate);
    const allowed = Math.floor((Math.min(asked.length, candidate.length) + 1) / 3);
    if (edits <= allowed && (best === null || edits < best.edits)) best = { name, edits };
  }
  return best?.name ?? null;
}

const sorted = (word: string): string => [...word].sort().join('');

/** `; nearest is 'x'`, or nothing. */
export function nearestHint(word: string, known: readonly string[]): string {
  const name = nearest(word, known);
  return name === null ? '' : `; nearest is '${name}'`;
}

/** A value in a message: short, and telling "1" from 1. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return shorten(`'${value}'`);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  return shorten(JSON.stringify(value));
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

function place(path: string): string {
  return path === '' ? 'the scenario' : path;
}
