import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';

/**
 * Makes the folder that a user named for a new run, with the folders above it. Throws ERR_USAGE when it is a file, cannot be made,
 * or holds something: two runs in one folder cannot be separated again. `allowed`: what may lie in it.
 */
export function newFolder(path: string, allowed: readonly string[] = []): void {
  const missing: string[] = [];
  let above = resolve(path);
  for (; !existsSync(above); above = dirname(above)) missing.unshift(above);
  try {
    if (!statSync(above).isDirectory()) refuse(path, 'a folder', `the file ${above}`);
    // One by one: Node's recursive form may try without end where the system allows none.
    for (const folder of missing) mkdirSync(folder);
  } catch (error) {
    if (error instanceof GradswarmError) throw error;
    refuse(path, 'a folder that can be made', `${(error as NodeJS.ErrnoException).code ?? error}`);
  }
  const found = readdirSync(path).filter((name) => !allowed.includes(name));
  if (found.length > 0)
    refuse(
      path,
      'an empty folder or a new one',
      `one with ${found.slice(0, 3).join(', ')}; 'gradswarm resume ${path}' continues a run; else name another folder`,
    );
}

function refuse(path: string, expected: string, got: string): never {
  throw new GradswarmError('ERR_USAGE', `--out ${path}: expected ${expected}, got ${got}`);
}
