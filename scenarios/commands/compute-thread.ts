import { isMainThread, MessageChannel, Worker } from 'node:worker_threads';
import { RENEW_MS, RunLock } from '../../coordinator/run-directory/run-lock.js';
import { GradswarmError } from '../../protocol/errors.js';
import { SocketHost } from '../../protocol/sockets/socket-host.js';
import type * as control from '../../protocol/wire/control-messages.js';
import type { LiveServer } from '../live/live-server.js';
import { interruptible } from '../run/interrupt.js';
import { type FromThread, mainThread, type ThreadData, type ToThread } from '../run/main-thread.js';
import { threadEntry } from '../run/thread-entry.js';
import type { MetricsServer } from './metrics-server.js';
import { ProgressDisplay } from './progress-display.js';

/** This command again, in a thread. Null: the command computes on the main thread. */
const ENTRY = threadEntry(new URL('../cli.js', import.meta.url));

/** After Ctrl-C a computation that does not let the event loop turn for this long is cut off. */
const STUCK_MS = 1000;
const PING_MS = 100;

/** The goodbye of a worker that is cut off has this time to leave. */
const GOODBYE_MS = 100;

/**
 * The action of a command that computes: on the main thread, one that starts the same command in a thread; there, the action
 * itself. However long one call of it computes, the main thread acts on Ctrl-C, moves the progress line and serves the sockets.
 * `cutOff`: a run that has to be cut off is unfinished; a worker has left. `entry`: what the thread begins with; null: there is no thread.
 */
export function inThread<A extends readonly unknown[]>(
  action: (...args: A) => Promise<void>,
  cutOff: 'unfinished' | 'left' = 'unfinished',
  entry = ENTRY,
): (...args: A) => Promise<void> {
  if (isMainThread && entry) return () => new ComputeThread(entry, cutOff).run();
  return async (...args) => {
    const main = mainThread();
    try {
      await action(...args);
    } finally {
      main?.done();
    }
  };
}

/** The thread that computes, as the main thread sees it. */
class ComputeThread {
  private readonly thread: Worker;
  private readonly sockets: SocketHost;
  private display: ProgressDisplay | null = null;
  private metrics: MetricsServer | null = null;
  private page: LiveServer | null = null;
  private seats: control.Seats | null = null;
  /** The run under way; null before the first. */
  private started: { readonly name: string; readonly rounds: number } | null = null;
  private fail: (error: unknown) => void = () => {};
  /** Of the run that is under way; null before the first. */
  private folder: string | null = null;
  private writing = false;
  /** Run directories that the thread writes. */
  private readonly locked = new Set<string>();
  /** Processes that the thread has started. */
  private readonly children = new Set<number>();
  private readonly killChildren = () => {
    for (const pid of this.children)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended just now.
      }
  };
  private answeredMs = 0;

  constructor(
    entry: URL,
    private readonly cutOff: 'unfinished' | 'left',
  ) {
    const { port1, port2 } = new MessageChannel();
    this.sockets = new SocketHost(port1);
    this.thread = new Worker(entry, {
      argv: process.argv.slice(2),
      workerData: { sockets: port2, columns: process.stdout.columns ?? null } satisfies ThreadData,
      transferList: [port2],
    });
  }

  /** Ends with the thread, whose exit status becomes that of the process. What ended it unexpectedly is thrown. */
  async run(): Promise<void> {
    const { thread } = this;
    let watch: NodeJS.Timeout | undefined;
    const renewals = setInterval(() => this.renewLocks(), RENEW_MS);
    process.once('exit', this.killChildren);
    try {
      process.exitCode = await interruptible(
        (signal) =>
          new Promise<number>((resolve, reject) => {
            thread.on('message', (message: FromThread) => this.receive(message));
            this.fail = reject;
            thread.once('error', reject);
            thread.once('exit', resolve);
            signal.addEventListener('abort', () => {
              this.post({ type: 'stop' });
              this.answeredMs = performance.now();
              watch = setInterval(() => {
                if (performance.now() - this.answeredMs < STUCK_MS || this.writing) this.post({ type: 'ping' });
                else if (this.cutOff === 'unfinished') reject(this.unfinished());
                else void this.left().then(() => resolve(0));
              }, PING_MS);
            });
          }),
      );
    } finally {
      clearInterval(watch);
      clearInterval(renewals);
      this.display?.stop();
      this.metrics?.close();
      await this.page?.close();
      await thread.terminate();
      await this.sockets.close();
      for (const folder of this.locked) RunLock.removeOwn(folder);
    }
  }

  private renewLocks(): void {
    for (const folder of this.locked)
      try {
        RunLock.renewOwn(folder);
      } catch {
        // The thread looks before it writes.
      }
  }

  private async left(): Promise<void> {
    this.sockets.goodbye();
    await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
  }

  private unfinished(): GradswarmError {
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
        this.seats = null;
        this.started = message;
        this.metrics?.start(message.name, message.rounds);
        this.display?.start(message.name, message.rounds, message.folder, message.part);
        return;
      case 'round':
        this.display?.round(message.row);
        this.metrics?.round(message.row);
        return;
      case 'listens':
        // While the other thread reads the data.
        void import('../../protocol/sockets/control-listener.js');
        return;
      case 'open':
        void this.openPage();
        return;
      case 'metrics':
        void this.openMetrics(message.port);
        return;
      case 'seats':
        this.seats = message.table;
        return;
      case 'note':
        this.display?.note(message.text);
        return;
      case 'lock':
        if (message.isHeld) this.locked.add(message.folder);
        else this.locked.delete(message.folder);
        return;
      case 'child':
        if (message.isRunning) this.children.add(message.pid);
        else this.children.delete(message.pid);
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

  private async openPage(): Promise<void> {
    try {
      // Read when they are asked for: what the main thread reads delays the start.
      const [{ LiveServer }, { browse }] = await Promise.all([
        import('../live/live-server.js'),
        import('../live/browse.js'),
      ]);
      this.page = await LiveServer.open(
        () => this.folder,
        0,
        () => this.seats,
      );
      process.stderr.write(`page: ${this.page.url}\n`);
      browse(this.page.url);
    } catch (error) {
      this.fail(error);
    }
  }

  private async openMetrics(port: number): Promise<void> {
    try {
      const { MetricsServer } = await import('./metrics-server.js');
      this.metrics = await MetricsServer.open(port, this.cutOff === 'unfinished');
      if (this.started) this.metrics.start(this.started.name, this.started.rounds);
      process.stderr.write(`metrics: http://127.0.0.1:${this.metrics.port}/metrics\n`);
    } catch (error) {
      this.fail(error);
    }
  }

  private post(message: ToThread): void {
    this.thread.postMessage(message);
  }
}
