import { mainThread } from './main-thread.js';

/** The exit status a shell expects of a command ended by SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs `work` with a signal that the first Ctrl-C, or SIGTERM, aborts, so that it may write down what there is. The second Ctrl-C ends
 * the process; a second SIGTERM does nothing more. In a thread that computes, the main thread has the signals.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const main = mainThread();
  if (main) return work(main.signal);
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
