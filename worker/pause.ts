/** Longest time of computing before timers, signals and sockets are served, milliseconds. */
const EVERY_MS = 50;

let pausedMs = performance.now();

/**
 * Lets the event loop serve timers, signals and sockets when this process has computed for a while; null when it is not due.
 * What comes in meanwhile changes no bits: parties do not depend on the order in which they run.
 */
export function pause(): Promise<void> | null {
  if (performance.now() - pausedMs < EVERY_MS) return null;
  return new Promise((resolve) =>
    setImmediate(() => {
      pausedMs = performance.now();
      resolve();
    }),
  );
}
