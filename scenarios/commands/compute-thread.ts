import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import { GradswarmError } from '../../protocol/errors.js';
import { interruptible } from '../run/interrupt.js';
import type { FromThread, ToThread } from '../run/main-thread.js';
import { ProgressDisplay } from './progress-display.js';

/** A thread does not inherit the loader that runs sources directly: then the command computes on the main thread. */
const FROM_SOURCES = import.meta.url.endsWith('.ts');

/** This command again, in a thread. */
const ENTRY = fileURLToPath(new URL('../cli.js', import.meta.url));

/** After Ctrl-C a computation that does not let the event loop turn for this long is cut off. */
const STUCK_MS = 1000;
const PING_MS = 100;

/**
 * The action of a command that computes: on the main thread, one that starts the same command in a thread; there, the action
 * itself. However long one call of it computes, the main thread acts on Ctrl-C and moves the progress line.
 */
export function inThread<A extends readonly unknown[]>(
  action: (...args: A) => Promise<void>,
): (...args: A) => Promise<void> {
  return isMainThread && !FROM_SOURCES ? () => new ComputeThread().run() : action;
}

/** The thread that computes, as the main thread sees it. */
class ComputeThread {
  private readonly thread = new Worker(ENTRY, { argv: process.argv.slice(2) });
  private display: ProgressDisplay | null = null;
  /** Of the run that is under way; null before the first. */
  private folder: string | null = null;
  private writing = false;
  private answeredMs = 0;

  /** Ends with the thread, whose exit status becomes that of the process. What ended it unexpectedly is thrown. */
  async run(): Promise<void> {
    const { thread } = this;
    let watch: NodeJS.Timeout | undefined;
    try {
      process.exitCode = await interruptible(
        (signal) =>
          new Promise<number>((resolve, reject) => {
            thread.on('message', (message: FromThread) => this.receive(message));
            thread.once('error', reject);
            thread.once('exit', resolve);
            signal.addEventListener('abort', () => {
              this.post({ type: 'stop' });
              this.answeredMs = performance.now();
              watch = setInterval(() => {
                if (performance.now() - this.answeredMs < STUCK_MS || this.writing) this.post({ type: 'ping' });
                else reject(this.cut());
              }, PING_MS);
            });
          }),
      );
    } finally {
      clearInterval(watch);
      this.display?.stop();
      await thread.terminate();
    }
  }

  private cut(): GradswarmError {
    const where = this.folder;
    return new GradswarmError(
      'ERR_STOPPED',
      where === null
        ? 'stopped before the first round'
        : `stopped in the middle of a computation; run 'gradswarm resume ${where}' to continue from the last checkpoint`,
    );
  }

  private receive(message: FromThread): void {
    switch (message.type) {
      case 'pong':
        this.answeredMs = performance.now();
        return;
      case 'display':
        this.display = new ProgressDisplay({ points: message.points });
        return;
      case 'start':
        this.folder = message.folder;
        this.display?.start(message.name, message.rounds);
        return;
      case 'round':
        this.display?.round(message.row);
        return;
      case 'note':
        this.display?.note(message.text);
        return;
      case 'writing':
        this.writing = message.begins;
        this.answeredMs = performance.now();
        return;
      case 'display-end':
        this.display?.stop();
        this.post({ type: 'shown' });
        return;
    }
  }

  private post(message: ToThread): void {
    this.thread.postMessage(message);
  }
}
