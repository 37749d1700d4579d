import { relative } from 'node:path';

/** Relative to where the user is, when that is shorter. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
