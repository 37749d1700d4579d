import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { nanoid } from 'nanoid';
import { GradswarmError } from '../../protocol/errors.js';
import { PARTIAL, partialPath } from './atomic-file.js';

/** The files of a checkpoint are never written again, and they are the large ones. */
const CHECKPOINTS = 'checkpoints';

/** Not part of what a run left: they belong to the process that writes the folder. */
function isTransient(path: string): boolean {
  return /(^|\/)lock$/.test(path) || path.endsWith(PARTIAL);
}

/** The run directory as a tar stream, as it is when the stream is first read: what the run writes meanwhile is not in it. */
export function archiveOf(folder: string, checkpoints = true): Readable {
  return Readable.from(partsOf(folder, checkpoints), { objectMode: false });
}

async function* partsOf(folder: string, checkpoints: boolean): AsyncGenerator<Buffer> {
  const snapshot = partialPath(join(folder, `archive-${nanoid(8)}`));
  try {
    takeSnapshot(folder, snapshot, checkpoints);
    const { create } = await import('tar');
    const pack = create({ cwd: snapshot, portable: true }, ['.']);
    // Where the reader leaves in the middle, a file that is being opened is gone then. While it reads, the iteration throws.
    pack.on('error', () => {});
    yield* pack as unknown as AsyncIterable<Buffer>;
  } finally {
    rmSync(snapshot, { recursive: true, force: true });
  }
}

/** In one synchronous step: the thread that asks is the one that writes the run, so no file changes in between. */
function takeSnapshot(folder: string, snapshot: string, checkpoints: boolean, fixed = false): void {
  mkdirSync(snapshot);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const [from, to] = [join(folder, entry.name), join(snapshot, entry.name)];
    if (isTransient(entry.name)) continue;
    if (entry.name === CHECKPOINTS && !checkpoints) continue;
    if (entry.isDirectory()) takeSnapshot(from, to, checkpoints, fixed || entry.name === CHECKPOINTS);
    else if (entry.isFile()) (fixed ? linkOrCopy : copyFileSync)(from, to);
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // A file system without hard links.
    copyFileSync(from, to);
  }
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
  // Read for the few commands that need it.
  const { extract } = await import('tar');
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
