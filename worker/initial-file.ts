import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { GradswarmError } from '../protocol/errors.js';
import type { InitialFile } from '../protocol/scenario/scenario.js';

/** Files of saved parameters that this process was given, by SHA-256: what counts is the content, wherever it lies. */
const places = new Map<string, string>();

/** The file at a path, for a scenario's `initial`; it is known to this process from now on. Throws ERR_DATA_MISSING. */
export function locateInitial(path: string, folder: string = process.cwd()): InitialFile {
  const file = resolve(folder, path);
  if (!existsSync(file))
    throw new GradswarmError('ERR_DATA_MISSING', `initial: expected a file of parameters at ${file}, there is none`);
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  places.set(sha256, file);
  return { file, sha256 };
}

/** Where this process has it. */
export function placeOfInitial({ file, sha256 }: InitialFile): string {
  return places.get(sha256) ?? resolve(file);
}

/** The bytes that a scenario begins with. Throws ERR_DATA_MISSING where this process has no such file. */
export function readInitial({ file, sha256 }: InitialFile): Uint8Array {
  const path = placeOfInitial({ file, sha256 });
  const bytes = existsSync(path) ? readFileSync(path) : null;
  const got = bytes === null ? null : createHash('sha256').update(bytes).digest('hex');
  if (bytes !== null && got === sha256) return bytes;
  throw new GradswarmError(
    'ERR_DATA_MISSING',
    `initial: expected ${file} with SHA-256 ${sha256.slice(0, 12)}…, got ${got === null ? 'no such file' : `another one, ${got.slice(0, 12)}…`}; --initial names the place of this process's copy`,
  );
}
