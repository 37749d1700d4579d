/** The exit status a shell expects of a command ended by SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs `work` with a signal that the first Ctrl-C, or SIGTERM, aborts, so that it may write down what there is. The second Ctrl-C ends
 * the process; a second SIGTERM does nothing more.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    process.stderr.write('stopping; Ctrl-C again to end at once\n');
    controller.abort();
  };
  const onTerminate = () => controller.abort();
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  }
}
