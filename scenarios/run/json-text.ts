import { GradswarmError } from '../../protocol/errors.js';

/**
 * The value of a JSON text that a person wrote; a byte order mark is skipped. Throws `code` with file, line and column, also where an object has
 * a key twice: JSON.parse would take the last in silence.
 */
export async function parseJson(text: string, path: string, code: 'ERR_SCENARIO' | 'ERR_USAGE'): Promise<unknown> {
  const json = text.replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    const fault = (await faultOf(json)) ?? `expected JSON: ${(cause as Error).message}`;
    throw new GradswarmError(code, `${path}: ${fault}`, { cause });
  }
  if (colonsIn(json) === keysIn(value)) return value;
  throw new GradswarmError(code, `${path}: ${(await faultOf(json)) ?? 'expected each key once in an object'}`);
}

/** One a key, whether or not the object has it before. */
function colonsIn(json: string): number {
  return json.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
}

function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, inner) => sum + keysIn(inner), own);
}

/** Node 20 does not say where a text ceases to be JSON or has a key again; the compiler of modules does. */
async function faultOf(json: string): Promise<string | null> {
  const { transformSync } = await import('esbuild');
  try {
    const [again] = transformSync(json, { loader: 'json', logLevel: 'silent' }).warnings as Fault[];
    if (!again?.location) return null;
    const [original] = again.notes ?? [];
    const before = original?.location ? `, got the key of line ${original.location.line} again` : '';
    return `${placeOf(again.location)}: expected each key once in an object${before}: ${again.text}`;
  } catch (error) {
    const [first] = (error as { errors?: Fault[] }).errors ?? [];
    if (!first?.location) return null;
    return `${placeOf(first.location)}: expected JSON: ${first.text}`;
  }
}

function placeOf({ line, column }: NonNullable<Fault['location']>): string {
  return `line ${line}, column ${column + 1}`;
}

interface Fault {
  readonly text: string;
  /** Of a key that an object has twice: where it was before. */
  readonly notes?: readonly Pick<Fault, 'location'>[];
  /** Column from 0. */
  readonly location: { readonly line: number; readonly column: number } | null;
}
