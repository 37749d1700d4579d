import { isAbsolute } from 'node:path';

/** Is it a path, and not the name of a package? */
export function isPath(module: string): boolean {
  return /^\.{1,2}[\\/]/.test(module) || isAbsolute(module);
}
