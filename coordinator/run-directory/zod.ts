import { createRequire } from 'node:module';
import type * as package_ from 'zod';

type Zod = typeof package_.z;

let read: Zod | undefined;

/**
 * zod, read where a shape is first needed: it is 95 modules, and a run in one process needs no shape before its first row. Required, since shapes
 * are needed in the middle of calls that do not wait.
 */
export function zod(): Zod {
  return (read ??= (createRequire(import.meta.url)('zod') as typeof package_).z);
}
