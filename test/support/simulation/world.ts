import { createRequire, syncBuiltinESMExports } from 'node:module';
import { seededRandom } from '../seeded-random.js';

/** A process of a simulation: what it has scheduled dies with it. */
export class SimProcess {
  isAlive = true;
  frozenUntilMs = Number.NEGATIVE_INFINITY;
  private readonly endings: (() => void)[] = [];

  constructor(
    readonly name: string,
    /** Its address on the simulated network. */
    readonly host: string,
  ) {}

  /** Called when it ends, by whatever. */
  onEnd(act: () => void): void {
    this.endings.push(act);
  }

  end(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const act of this.endings) act();
  }
}

/** What a call of a process that has ended throws: no other process sees it. */
export class Ended extends Error {}

interface Task {
  readonly atMs: number;
  readonly number: number;
  /** Null: of the simulation itself. */
  readonly process: SimProcess | null;
  run: (() => void) | null;
}

/** Times are multiples of this, so that they are exact wherever the clock begins. */
const QUANTUM_MS = 1 / 8;

/** Worlds begin so far apart: what a module keeps of the clock is then long past in the next. */
const BETWEEN_WORLDS_MS = 1e9;

const real = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate };
const realNow = performance.now.bind(performance);
const require = createRequire(import.meta.url);
const promisedTimers = require('node:timers/promises') as { setTimeout: (ms: number) => Promise<void> };
const cryptography = require('node:crypto') as { randomInt: (below: number) => number };
const realPromised = promisedTimers.setTimeout;
const realRandomInt = cryptography.randomInt;

let worlds = 0;
let active: World | null = null;

/** The process whose code runs, in whichever world runs. */
export function currentProcess(): SimProcess | null {
  return active?.current ?? null;
}

/** A timer of the simulation, as Node's. */
class SimTimer {
  constructor(private task: Task | null) {}

  ref = (): this => this;
  unref = (): this => this;

  again(task: Task): void {
    if (this.task) this.task = task;
  }

  get isOff(): boolean {
    return this.task === null;
  }

  cancel(): void {
    if (this.task) this.task.run = null;
    this.task = null;
  }
}

/**
 * One clock for several processes inside this one. One task runs at a time, with all that follows from it without a timer, so
 * everything that runs meanwhile is of that task's process. Nothing may wait for the real disk or for threads: what a run imports
 * is imported before, and no module hooks are registered in this process, since each import() then waits for their thread. Timers, the monotonic clock and random delays of its code are the world's.
 */
export class World {
  nowMs: number;
  current: SimProcess | null = null;
  tasksRun = 0;
  /** Of every task that ran: equal histories have equal ones. */
  trace = 0;
  private readonly startMs: number;
  private readonly tasks: Task[] = [];
  private readonly delays: () => number;
  private scheduled = 0;

  constructor(
    seed: number,
    /** An error that the code of a process did not catch. */
    private readonly uncaught: (error: unknown, process: SimProcess | null) => void,
  ) {
    this.startMs = ++worlds * BETWEEN_WORLDS_MS;
    this.nowMs = this.startMs;
    this.delays = seededRandom(seed);
  }

  /** Since the world began. */
  get elapsedMs(): number {
    return this.nowMs - this.startMs;
  }

  schedule(process: SimProcess | null, delayMs: number, run: () => void): Task {
    const atMs = Math.ceil((this.nowMs + Math.max(0, delayMs)) / QUANTUM_MS) * QUANTUM_MS;
    const task: Task = { atMs, number: this.scheduled++, process, run };
    push(this.tasks, task);
    return task;
  }

  /** Runs tasks until `isOver`. False: nothing is left to do, or it took too long. */
  async run(isOver: () => boolean, most: { readonly ms: number; readonly tasks: number }): Promise<boolean> {
    this.install();
    try {
      while (!isOver()) {
        const task = pop(this.tasks);
        if (!task || this.elapsedMs > most.ms || this.tasksRun > most.tasks) return false;
        await this.perform(task);
      }
      return true;
    } finally {
      this.uninstall();
    }
  }

  private async perform(task: Task): Promise<void> {
    const { process, run } = task;
    if (!run || process?.isAlive === false) return;
    this.nowMs = Math.max(this.nowMs, task.atMs);
    if (process && process.frozenUntilMs > this.nowMs) {
      push(this.tasks, { ...task, atMs: process.frozenUntilMs });
      Object.defineProperty(task, 'run', { set: () => {}, get: () => null });
      return;
    }
    this.tasksRun++;
    this.trace = (Math.imul(this.trace, 31) + Math.round(8 * this.elapsedMs) + (process?.name.length ?? 7)) | 0;
    this.current = process;
    try {
      run();
    } catch (error) {
      this.uncaught(error, process);
    }
    await new Promise((resolve) => real.setImmediate(resolve));
    this.current = null;
  }

  private timer(delayMs: number, run: () => void): SimTimer {
    return new SimTimer(this.schedule(this.current, delayMs, run));
  }

  private interval(everyMs: number, run: () => void): SimTimer {
    const process = this.current;
    const next = () => this.schedule(process, Math.max(1, everyMs), tick);
    const timer = new SimTimer(next());
    function tick(): void {
      run();
      if (!timer.isOff) timer.again(next());
    }
    return timer;
  }

  private readonly rejected = (error: unknown): void => this.uncaught(error, this.current);
  private others: NodeJS.UnhandledRejectionListener[] = [];

  private install(): void {
    active = this;
    type Callback = (...content: unknown[]) => void;
    const ours =
      <R>(own: (world: World, run: Callback, ms: number, content: unknown[]) => R, theirs: unknown) =>
      (run: Callback, ms?: number, ...content: unknown[]) =>
        this.current
          ? own(this, run, ms ?? 0, content)
          : (theirs as (...all: unknown[]) => unknown)(run, ms, ...content);
    const clear = (theirs: unknown) => (timer: unknown) =>
      timer instanceof SimTimer ? timer.cancel() : (theirs as (timer: unknown) => void)(timer);
    Object.assign(globalThis, {
      setTimeout: ours(
        (world, run, ms, content) => world.timer(Math.max(1, ms), () => run(...content)),
        real.setTimeout,
      ),
      setInterval: ours((world, run, ms, content) => world.interval(ms, () => run(...content)), real.setInterval),
      setImmediate: (run: Callback, ...content: unknown[]) =>
        this.current ? this.timer(0, () => run(...content)) : real.setImmediate(run, ...content),
      clearTimeout: clear(real.clearTimeout),
      clearInterval: clear(real.clearInterval),
      clearImmediate: clear(real.clearImmediate),
    });
    Object.defineProperty(performance, 'now', {
      configurable: true,
      writable: true,
      value: () => (this.current ? this.nowMs : realNow()),
    });
    promisedTimers.setTimeout = (ms) =>
      this.current ? new Promise((resolve) => this.timer(ms, resolve)) : realPromised(ms);
    cryptography.randomInt = (below) => (this.current ? Math.floor(this.delays() * below) : realRandomInt(below));
    syncBuiltinESMExports();
    this.others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', this.rejected);
  }

  private uninstall(): void {
    active = null;
    Object.assign(globalThis, real);
    Reflect.deleteProperty(performance, 'now');
    promisedTimers.setTimeout = realPromised;
    cryptography.randomInt = realRandomInt;
    syncBuiltinESMExports();
    process.removeListener('unhandledRejection', this.rejected);
    for (const other of this.others) process.on('unhandledRejection', other);
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}

/** A binary heap. */
function push(tasks: Task[], task: Task): void {
  let i = tasks.push(task) - 1;
  while (i > 0) {
    const above = (i - 1) >> 1;
    if (!isBefore(task, tasks[above]!)) break;
    tasks[i] = tasks[above]!;
    i = above;
  }
  tasks[i] = task;
}

function pop(tasks: Task[]): Task | undefined {
  const first = tasks[0];
  const last = tasks.pop();
  if (first === undefined || last === undefined || tasks.length === 0) return first;
  let i = 0;
  for (;;) {
    let below = 2 * i + 1;
    if (below >= tasks.length) break;
    if (below + 1 < tasks.length && isBefore(tasks[below + 1]!, tasks[below]!)) below++;
    if (!isBefore(tasks[below]!, last)) break;
    tasks[i] = tasks[below]!;
    i = below;
  }
  tasks[i] = last;
  return first;
}
