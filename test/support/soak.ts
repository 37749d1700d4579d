import type { Context } from 'mocha';

/** Skips what is too long for the system suite, with the reason printed; `npm run soak` sets GRADSWARM_SOAK and runs it. */
export function onlyInSoak(context: Context, what: string): void {
  if (process.env.GRADSWARM_SOAK) return;
  console.log(`skipped: ${what} belongs to 'npm run soak'`);
  context.skip();
}
