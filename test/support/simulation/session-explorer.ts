import type { AnyMethod } from '../../../protocol/method.js';
import { loadMethod } from '../../../protocol/method-loader.js';
import type { MetricsRow } from '../../../protocol/scenario/expectation.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { processSockets, useSockets } from '../../../protocol/sockets/process-sockets.js';
import { lossyCodecs, resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { loadAllRules, loadCatalogue } from '../../../scenarios/run/catalogue.js';
import '../../../protocol/sockets/own-sockets.js';
import '../../../scenarios/run/after-rounds.js';
import '../../../scenarios/run/remote-fleet.js';
// Reports are loaded at a run's end otherwise.
import '../../../scenarios/posterior/posterior-report.js';
import { continueRun } from '../../../scenarios/run/continue-run.js';
import type { SessionResult } from '../../../scenarios/run/session-options.js';
import { runWorker } from '../../../worker/main.js';
import { seededRandom } from '../seeded-random.js';
import { parityProblem } from '../tiny-needs.js';
import { DISK, Disk } from './disk.js';
import { drawnFaults, type Fault } from './faults.js';
import { Network } from './network.js';
import { Ended, SimProcess, World } from './world.js';

/**
 * Whole runs in one process over a simulated network, clock and disk: the real session, seats, router, links, loop, mailboxes,
 * checkpoints and workers. Only sockets, timers and files below them are simulated. Everything that happens follows from one seed.
 */

const ROUNDS = 3;
const TOKEN = 'token';
const PORT = 7000;
const RUN = `${DISK}/run`;
const HEARTBEAT_MS = 1000;

/** What a coordinator may end with before its run is over: it is started again. */
const PASSING = ['ERR_STOPPED', 'ERR_WORKERS_MISSING', 'ERR_WORKER_LOST'];

/** Simulated milliseconds, and tasks, after which a run does not end. */
const MOST = { ms: 15 * 60_000, tasks: 10_000 };

/** The same for each round of a longer run, and for each worker of many. */
const TASKS_PER_ROUND = 200;
const TASKS_PER_WORKER = 1000;

export interface Story {
  /** Null: it ended, with the undisturbed digest. */
  readonly failure: string | null;
  readonly faults: readonly string[];
  /** What was run, and how. */
  readonly title: string;
  /** Equal for equal histories. */
  readonly trace: number;
  readonly tasks: number;
  readonly elapsedMs: number;
  readonly notes: readonly string[];
}

interface Problem {
  readonly title: string;
  readonly method: AnyMethod;
  readonly scenario: Scenario;
  readonly digest: string;
  readonly rows: readonly MetricsRow[];
}

// What is imported in the middle of a simulated run would take real time.
await loadAllRules();
const METHODS = await (await loadCatalogue()).methods.names();

const problems = new Map<string, Promise<Problem>>();

/** The undisturbed run, once for each. */
function problemOf(name: string, coded: boolean, rounds: number, clients?: number): Promise<Problem> {
  const key = `${name} ${coded} ${rounds} ${clients}`;
  let problem = problems.get(key);
  if (!problem) {
    problem = openedProblem(name, coded, rounds, clients);
    problems.set(key, problem);
  }
  return problem;
}

async function openedProblem(name: string, coded: boolean, rounds: number, clients?: number): Promise<Problem> {
  const method = await loadMethod(name);
  const codecs = coded ? lossyCodecs(method) : {};
  const more = {
    rounds,
    codecs,
    evaluation: { everyRounds: 2 },
    checkpoints: { everyRounds: 100 },
    ...(clients && { clients }),
  };
  const plain = { ...more, precision: 'float64', objective: { name: 'quadratic', dimension: 7 } } as const;
  const scenario = clients
    ? await resolveTiny(method, { ...plain, clients })
    : await parityProblem(method, 'float64', more);
  const { digest, rows } = await runTiny(scenario, method);
  const title = Object.keys(codecs).length > 0 ? `${name} with codecs` : name;
  return { title, method, scenario, digest, rows };
}

export interface ExplorerOptions {
  /** Faults by number that do not happen, to shrink a history. */
  readonly skip?: ReadonlySet<number>;
  /** Left out: drawn by the seed. */
  readonly method?: string;
  readonly faults?: readonly Fault[];
  /** Left out: a few. */
  readonly rounds?: number;
  /** Workers, with a client each. Left out: a few with those of the tiny problem. */
  readonly workers?: number;
}

export class SessionExplorer {
  private readonly random: () => number;
  private readonly disk = new Disk();
  private readonly world: World;
  private readonly network: Network;
  private readonly faults: string[] = [];
  private readonly notes: string[] = [];
  private readonly workers: (SimProcess & { stop?: () => void })[] = [];
  private coordinator: (SimProcess & { stop?: () => void }) | null = null;
  private problem!: Problem;
  private scenario!: Scenario;
  private failure: string | null = null;
  private ended: SessionResult | null = null;
  private started = 0;

  constructor(
    private readonly seed: number,
    private readonly options: ExplorerOptions = {},
  ) {
    this.random = seededRandom(seed);
    this.world = new World(seed + 1, (error, process) => this.uncaught(error, process));
    this.network = new Network(this.world, seed + 2);
  }

  async run(): Promise<Story> {
    const name = this.options.method ?? METHODS[this.seed % METHODS.length]!;
    this.problem = await problemOf(name, this.random() < 0.5, this.options.rounds ?? ROUNDS, this.options.workers);
    const few = 2 + Math.floor(this.random() * 2);
    const count = this.options.workers ?? few;
    const everyRounds = 1 + Math.floor(this.random() * 2);
    const onLoss = this.random() < 0.8 ? 'replay' : 'fail';
    this.scenario = {
      ...this.problem.scenario,
      checkpoints: { ...this.problem.scenario.checkpoints, everyRounds },
      workers: { ...this.problem.scenario.workers, count, onLoss, heartbeatMs: HEARTBEAT_MS, peerDownMs: 300 },
    };
    const before = await processSockets();
    const unmount = this.disk.mount();
    useSockets(this.network);
    try {
      this.startCoordinator();
      for (let k = 0; k < count; k++) this.startWorker(k, 1000 * this.random());
      const { faults = drawnFaults(this.random, count), skip } = this.options;
      for (const fault of faults)
        if (!skip?.has(fault.id)) this.world.schedule(null, fault.atMs, () => this.happen(fault));
      const isOver = await this.world.run(() => this.failure !== null || this.ended !== null, {
        ...MOST,
        tasks:
          MOST.tasks + TASKS_PER_ROUND * (this.options.rounds ?? 0) + TASKS_PER_WORKER * (this.options.workers ?? 0),
      });
      if (!isOver) this.failure ??= `it does not end: ${this.world.tasksRun} tasks in ${this.world.elapsedMs} ms`;
    } finally {
      useSockets(before);
      unmount();
    }
    this.judge();
    const { title } = this.problem;
    return {
      failure: this.failure,
      faults: this.faults,
      title: `${title}, ${count} workers, onLoss ${onLoss}, checkpoints every ${everyRounds}`,
      trace: this.world.trace,
      tasks: this.world.tasksRun,
      elapsedMs: this.world.elapsedMs,
      notes: this.notes,
    };
  }

  private judge(): void {
    if (!this.ended || this.failure) return;
    const { record, outcome } = this.ended;
    const { digest, rows } = this.problem;
    if (outcome.stateDigest !== digest)
      this.failure = `it ended ${outcome.verdict.valid === true ? 'VALID ' : ''}with another digest`;
    else if (JSON.stringify(record.rows.map(comparable)) !== JSON.stringify(rows.map(comparable)))
      this.failure = `its rows are others:\n${JSON.stringify(record.rows.map(comparable))}\n${JSON.stringify(rows.map(comparable))}`;
  }

  private startCoordinator(): void {
    const process: NonNullable<typeof this.coordinator> = new SimProcess('coordinator', '10.0.0.1');
    this.coordinator = process;
    const controller = new AbortController();
    process.stop = () => controller.abort();
    const options = {
      listen: { host: process.host, port: PORT, token: TOKEN },
      signal: controller.signal,
      watcher: { start() {}, round() {}, note: (text: string) => this.note(process, text) },
      drawReport: async () => '',
    };
    this.world.schedule(process, 0, () => {
      continueRun(this.scenario, RUN, options).then(
        (result) => {
          if (process.isAlive) this.ended = result;
        },
        (error) => this.stopped(process, error),
      );
    });
  }

  private startWorker(k: number, afterMs: number): void {
    const process: (typeof this.workers)[number] = new SimProcess(
      `worker ${k} (${++this.started})`,
      `10.0.${Math.floor(k / 200)}.${10 + (k % 200)}`,
    );
    this.workers[k] = process;
    const controller = new AbortController();
    process.stop = () => controller.abort();
    const options = {
      device: null,
      signal: controller.signal,
      peers: { port: 0, advertise: null, tls: null },
      token: TOKEN,
      trust: { ca: null },
      name: `w${k}`,
      retryForMs: 3_600_000,
      note: (text: string) => this.note(process, text),
    };
    const again = () => {
      if (process.isAlive) this.restartWorker(k, process);
    };
    this.world.schedule(process, afterMs, () => {
      runWorker(`ws://10.0.0.1:${PORT}`, options).then(again, (error) => {
        if (process.isAlive && error?.code !== 'ERR_WORKER_LOST') this.uncaught(error, process);
        again();
      });
    });
  }

  /** A supervisor, which is not part of any process. */
  private restartWorker(k: number, process: SimProcess): void {
    process.end();
    const afterMs = 500 + 1500 * this.random();
    this.world.schedule(null, afterMs, () => {
      if (this.workers[k] === process) this.startWorker(k, 0);
    });
  }

  private restartCoordinator(process: SimProcess): void {
    process.end();
    this.world.schedule(null, 50 + 1000 * this.random(), () => {
      if (this.coordinator === process) this.startCoordinator();
    });
  }

  private stopped(process: SimProcess, error: unknown): void {
    if (!process.isAlive) return;
    const { code } = error as { readonly code?: string };
    this.note(process, `ended: ${(error as Error).message}`);
    if (!PASSING.includes(code ?? '')) return this.uncaught(error, process);
    this.restartCoordinator(process);
  }

  private uncaught(error: unknown, process: SimProcess | null): void {
    if (error instanceof Ended) return;
    if (process && !process.isAlive) return;
    this.failure ??= `${process?.name}: ${(error as Error)?.stack ?? error}`;
  }

  private note(process: SimProcess, text: string): void {
    this.notes.push(`${this.world.elapsedMs.toFixed(0)} ${process.name}: ${text}`);
  }

  private happen(fault: Fault): void {
    const { world, network, disk, coordinator } = this;
    const worker = fault.worker === null ? null : (this.workers[fault.worker] ?? null);
    const at = worker ?? coordinator!;
    this.faults.push(
      `${world.elapsedMs.toFixed(0)} ms #${fault.id} ${fault.kind} ${at.name}${fault.ms ? ` ${fault.ms.toFixed(0)} ms` : ''}`,
    );
    const restart = () => (worker ? this.restartWorker(fault.worker!, worker) : this.restartCoordinator(at));
    const pipes = [...network.pipes].filter(({ ends }) => ends.some(({ process }) => process === at));
    const pipe = pipes[Math.floor(fault.share * pipes.length)];
    switch (fault.kind) {
      case 'kill':
        return restart();
      case 'power':
        // Of a whole machine: no other process is informed, and what was not forced to the disk is lost.
        for (const each of pipes) each.silence();
        restart();
        if (!worker) disk.failPower();
        return;
      case 'kill in a write': {
        if (!coordinator?.isAlive) return;
        disk.ending = { process: coordinator, after: Math.floor(fault.share * 60) };
        coordinator.onEnd(() => this.restartCoordinator(coordinator));
        return;
      }
      case 'freeze':
        at.frozenUntilMs = world.nowMs + fault.ms;
        return;
      case 'stop':
        if (at.isAlive) this.within(at, () => at.stop?.());
        return;
      case 'cut':
        return pipe?.cut();
      case 'silence':
        return pipe?.silence(fault.share < 0.5 ? pipe.ends[0] : null);
      case 'hold':
        return pipe?.holdUntil(world.nowMs + fault.ms);
      case 'duplicate':
        return network.repeat(at.host, fault.ms);
      case 'part': {
        const others = [coordinator!, ...this.workers].filter((one) => one && one !== at);
        const other = others[Math.floor(fault.share * others.length)];
        if (other) network.part(at.host, other.host, fault.ms, fault.share < 0.5);
        return;
      }
      case 'no control':
        if (worker) network.withoutControl(worker.host, fault.ms);
        return;
      case 'surplus':
        if (!this.workers[this.workers.length]) this.startWorker(this.workers.length, 0);
        return;
      case 'another folder':
        // Such as a run that is begun again at the same address, of which the workers know nothing.
        restart();
        return disk.empty();
      case 'full disk':
        disk.capacity = disk.used + Math.floor(fault.share * 3000);
        world.schedule(null, fault.ms, () => {
          disk.capacity = Number.POSITIVE_INFINITY;
        });
    }
  }

  private within(process: SimProcess, act: () => void): void {
    this.world.schedule(process, 0, act);
  }
}

/** What of a row follows from the scenario alone. */
function comparable({ round, loss, accuracy, bytesUp, bytesDown, bytesPeer, simulatedMs, extra }: MetricsRow) {
  // Columns of clients stand in the order of their reports.
  const own = Object.entries(extra)
    .filter(([name]) => !/Ms(Up|Down|Peer)?$/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return [round, loss, accuracy, bytesUp, bytesDown, bytesPeer, simulatedMs, own];
}
