import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create, extract } from 'tar';
import { GradswarmError } from '../../protocol/errors.js';
import { PARTIAL } from './atomic-file.js';

/** Not part of what a run left: they belong to the process that writes the folder. */
function isTransient(path: string): boolean {
  return /(^|\/)lock$/.test(path) || path.endsWith(PARTIAL);
}

/** The run directory as a tar stream. Files that grow meanwhile are cut at the size that they had. */
export function archiveOf(folder: string): Readable {
  const pack = create({ cwd: folder, portable: true, filter: (path) => !isTransient(path) }, ['.']);
  return Readable.from(pack as unknown as AsyncIterable<Buffer>, { objectMode: false });
}

/**
 * Writes the files of such a stream into `folder`, which must not exist or be empty; it appears whole or not at all. Throws
 * ERR_USAGE when it is in use, ERR_PROTOCOL when the stream is no whole archive.
 */
export async function unpackArchive(stream: Readable, folder: string): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new GradswarmError('ERR_USAGE', `${folder}: expected a new or empty folder, got one with files`);
  const partial = `${folder}${PARTIAL}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  // Whatever the sender put in it: files and folders only, and none outside.
  const plain = (_path: string, entry: unknown) => ['File', 'Directory'].includes((entry as { type: string }).type);
  try {
    await pipeline(stream, extract({ cwd: partial, strict: true, filter: plain }));
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw new GradswarmError('ERR_PROTOCOL', `expected a whole archive of the run, got ${(error as Error).message}`, {
      cause: error,
    });
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}
