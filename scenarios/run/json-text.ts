import { GradswarmError } from '../../protocol/errors.js';

/** The value of a JSON text that a person wrote; a byte order mark is skipped. Throws `code` with file, line and column. */
export async function parseJson(text: string, path: string, code: 'ERR_SCENARIO' | 'ERR_USAGE'): Promise<unknown> {
  const json = text.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(json);
  } catch (cause) {
    const fault = (await faultOf(json)) ?? `expected JSON: ${(cause as Error).message}`;
    throw new GradswarmError(code, `${path}: ${fault}`, { cause });
  }
}

/** Node 20 does not say where a text ceases to be JSON; the compiler of modules does. */
async function faultOf(json: string): Promise<string | null> {
  const { transformSync } = await import('esbuild');
  try {
    transformSync(json, { loader: 'json', logLevel: 'silent' });
    return null;
  } catch (error) {
    const [first] = (error as { errors?: Fault[] }).errors ?? [];
    if (!first?.location) return null;
    return `line ${first.location.line}, column ${first.location.column + 1}: expected JSON: ${first.text}`;
  }
}

interface Fault {
  readonly text: string;
  /** Column from 0. */
  readonly location: { readonly line: number; readonly column: number } | null;
}
