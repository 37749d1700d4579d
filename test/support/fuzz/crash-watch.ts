const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Does the work and throws what would have ended this process meanwhile, or that the work was not over in time. The test runner's
 * own listeners are put aside: they would end the test before the input can be made smaller.
 */
export async function watched<T>(work: () => Promise<T>, limitMs: number): Promise<T> {
  const others = EVENTS.map((event) => [event, process.rawListeners(event)] as const);
  const crashes: unknown[] = [];
  const note = (error: unknown): void => void crashes.push(error);
  let timer: NodeJS.Timeout | undefined;
  for (const event of EVENTS) process.removeAllListeners(event).on(event, note);
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not over after ${limitMs} ms`)), limitMs);
    });
    const result = await Promise.race([work(), late]);
    // A rejection counts as unhandled once this turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    if (crashes.length > 0) throw crashes[0];
    return result;
  } finally {
    clearTimeout(timer);
    for (const [event, listeners] of others) {
      process.off(event, note);
      for (const listener of listeners) process.on(event, listener as () => void);
    }
  }
}

/** An input as a report shows it: bytes in hexadecimal. */
export function inHex(input: unknown): string {
  return JSON.stringify(input, (_key, value) =>
    value instanceof Uint8Array ? `hex ${Buffer.from(value).toString('hex')}` : value,
  );
}
