import { closest, distance } from 'fastest-levenshtein';
import { GradswarmError } from '../errors.js';

/** Collects everything that is wrong with a scenario, so that all of it is reported at once. */
export class Problems {
  private readonly lines: string[] = [];

  /** `path: expected X, got Y`. */
  add(path: string, expected: string, got: unknown): void {
    this.lines.push(`${place(path)}: expected ${expected}, got ${describe(got)}`);
  }

  /** A key that does not exist at `path`. */
  unknownKey(path: string, key: string, known: readonly string[]): void {
    const keys = known.length === 0 ? 'there are no settings here' : `known: ${known.join(', ')}`;
    this.lines.push(`${join(path, key)}: unknown key${nearestHint(key, known)} (${keys})`);
  }

  /** A name that is in no table; `what` such as `a method`. */
  unknownName(path: string, what: string, name: string, known: readonly string[]): void {
    this.lines.push(
      `${place(path)}: expected the name of ${what}, got ${describe(name)}${nearestHint(name, known)} (known: ${known.join(', ') || 'none'})`,
    );
  }

  /** A sentence of a check that lives elsewhere. */
  report(path: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.lines.push(`${place(path)}: ${text.replace(/^ERR_[A-Z_]+: /, '')}`);
  }

  get count(): number {
    return this.lines.length;
  }

  /** Throws ERR_SCENARIO with one line a problem, if there is any. */
  throwIfAny(subject: string): void {
    if (this.lines.length === 0) return;
    const [only] = this.lines;
    const text =
      this.lines.length === 1
        ? `${subject}: ${only}`
        : `${subject}: ${this.lines.length} problems\n${this.lines.map((line) => `  ${line}`).join('\n')}`;
    throw new GradswarmError('ERR_SCENARIO', text);
  }
}

/** `parent.key`, or the key alone at the top. */
export function join(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`;
}

/** The known word that `word` was probably meant to be; null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const candidate = closest(word.toLowerCase(), known.map((name) => name.toLowerCase()) as string[]);
  const index = known.findIndex((name) => name.toLowerCase() === candidate);
  const edits = distance(word.toLowerCase(), candidate);
  return edits <= Math.max(2, Math.ceil(Math.max(word.length, candidate.length) / 2)) ? known[index]! : null;
}

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
