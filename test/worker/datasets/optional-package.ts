import { createRequire } from 'node:module';
import type { Context } from 'mocha';

/** In a `before` hook: skips the tests of its suite, and says why, when an optional package is not installed. */
export function needsPackage(context: Context, packageName: string): void {
  try {
    createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  } catch {
    console.log(`      skipped: the optional package ${packageName} is not installed`);
    context.skip();
  }
}
