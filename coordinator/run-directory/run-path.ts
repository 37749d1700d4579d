import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { customAlphabet } from 'nanoid';
import { replaceLink } from './atomic-file.js';

// Without `-` and `_`, so that a name never looks like a flag and is selected by a double click.
const suffix = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 4);

/**
 * Creates `<root>/<name>/<timestamp>-<four characters>` and, where it will be a run or a sweep, points `<root>/latest` at it. Returns the path
 * and its last part.
 */
export function createRunPath(
  root: string,
  name: string,
  now: Date,
  latest = true,
): { readonly path: string; readonly runId: string } {
  const timestamp = now.toISOString().slice(0, 19).replaceAll(':', '-');
  const runId = `${timestamp}Z-${suffix()}`;
  const path = join(root, safeName(name), runId);
  mkdirSync(path, { recursive: true });
  if (latest) replaceLink(join(root, 'latest'), path);
  return { path, runId };
}

/** `name` as one part of a path on every system. */
export function safeName(name: string): string {
  return name.replace(/[^A-Za-z0-9._=,-]+/g, '-').replace(/^\.+/, '') || 'unnamed';
}
