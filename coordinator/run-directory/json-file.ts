import { existsSync, readFileSync } from 'node:fs';
import { GradswarmError } from '../../protocol/errors.js';
import { jsonShapes, type Shape } from './json-shapes.js';

/** The JSON files of a run directory, which a crash, a disk or a person may have damaged. */

/** The JSON in a text, of this shape. ERR_CHECKPOINT names `where` when it was cut short or changed. */
function parseJson<T>(text: string, shape: Shape, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new GradswarmError('ERR_CHECKPOINT', `${where}: expected JSON, got other text`);
  }
  const { success, error } = jsonShapes()[shape].safeParse(value);
  if (success) return value as T;
  const [issue] = error.issues;
  throw new GradswarmError('ERR_CHECKPOINT', `${where}: ${issue?.path.join('.') || 'content'}: ${issue?.message}`);
}

/** A whole file. ERR_CHECKPOINT when it is missing, was cut short or changed. */
export function readJsonFile<T>(path: string, shape: Shape): T {
  return damagedNamed(() => {
    if (!existsSync(path)) throw new GradswarmError('ERR_CHECKPOINT', `${path}: expected a file, got nothing`);
    return parseJson<T>(readFileSync(path, 'utf8'), shape, path);
  });
}

/** Adds to an error of the content what can be done about it. */
export function damagedNamed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof GradswarmError)) throw error;
    const { message } = error;
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${message.replace(/^ERR_CHECKPOINT: /, '')}; the file is damaged: run the scenario again in a new folder`,
    );
  }
}

/** One line of a file with a record a line; `where` names it in messages. */
export function readJsonLine<T>(text: string, shape: Shape, where: string): T {
  return damagedNamed(() => parseJson<T>(text, shape, where));
}

/** The records of a file with one a line; a last line that a crash left unfinished is left out. */
export function* readJsonLines<T>(path: string, shape: Shape): Generator<T> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  let start = 0;
  let line = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    const record = text.slice(start, end);
    line++;
    yield readJsonLine<T>(record, shape, `${path}, line ${line}`);
    start = end + 1;
  }
}

/** Throws ERR_CHECKPOINT when a line within the first `byteLength` bytes is no such record. */
export function checkJsonLines(path: string, shape: Shape, byteLength: number): void {
  const lines = readFileSync(path).subarray(0, byteLength).toString('utf8').split('\n');
  for (const [i, line] of lines.entries()) if (line !== '') parseJson(line, shape, `${path}, line ${i + 1}`);
}
