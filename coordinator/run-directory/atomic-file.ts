import { closeSync, fsyncSync, openSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** Whole files that are either the old or the new one, never half of one. */

/** Ending of every name that is not finished yet; such files and folders may be deleted at any time. */
export const PARTIAL = '.partial';

/** Path beside `path` for the version that is being written. */
export function partialPath(path: string): string {
  return join(dirname(path), `.${basename(path)}-${process.pid}${PARTIAL}`);
}

export function writeFully(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
}

/** Writes beside `path`, forces it to the disk, then renames. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const partial = partialPath(path);
  const descriptor = openSync(partial, 'w');
  try {
    writeFully(descriptor, typeof content === 'string' ? Buffer.from(content) : content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(partial, path);
}

/** Makes `link` point at `target`, relative, in one step. Does nothing where the system allows no symbolic links. */
export function replaceLink(link: string, target: string): void {
  const partial = partialPath(link);
  rmSync(partial, { force: true });
  try {
    symlinkSync(relative(dirname(link), target), partial);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return;
    throw error;
  }
  renameSync(partial, link);
}

/** JSON, with NaN and the infinities as text: JSON itself would turn them into null, which means "not measured". */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, numbersAsText, indent);
}

function numbersAsText(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
