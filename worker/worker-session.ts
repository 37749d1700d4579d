import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import { GradswarmError } from '../protocol/errors.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import * as control from '../protocol/wire/control-messages.js';
import { PROTOCOL_VERSION } from '../protocol/wire/limits.js';
import { ControlConnection, NotWanted } from './control-connection.js';
import { processChoices } from './fastest-device.js';
import { Hosting } from './hosting.js';
import { openProblem, type Problem } from './problem.js';
import type { WorkerProcessOptions } from './worker-options.js';

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2000;

/** What the coordinator has assigned; a repeated request gets the same answer. No other has its token, in this run or another. */
interface Assignment {
  readonly token: string;
  readonly epoch: number;
  readonly generation: number;
  readonly heartbeatMs: number;
  readonly ready: Promise<control.Ready>;
  introduced: Promise<string[]> | null;
}

/** What a worker keeps from one connection, and one epoch, to the next. */
export interface Kept {
  readonly process: string;
  seat: number | null;
  /** Null is opened for nothing: it is to be opened again. */
  problem: { readonly key: string; readonly opened: Promise<Problem | null> } | null;
  /** When a coordinator last answered. */
  reachedMs: number;
}

export type Ending = 'finished' | 'failed' | 'again';

/**
 * A worker's part in a run. Its clients depend on the numbered link to the coordinator; the control connection may break and is
 * opened again.
 */
export class WorkerSession {
  private connection: ControlConnection | null = null;
  private assignment: Assignment | null = null;
  private hosting: Hosting | null = null;
  private over = false;
  private finish: (how: Ending | Error) => void = () => {};

  constructor(
    private readonly url: string,
    private readonly options: WorkerProcessOptions,
    private readonly kept: Kept,
  ) {}

  async run(): Promise<Ending> {
    const ending = new Promise<Ending>((resolve, reject) => {
      this.finish = (how) => {
        this.over = true;
        if (how instanceof Error) reject(how);
        else resolve(how);
      };
    });
    const onAbort = () => {
      this.connection?.goodbye();
      this.finish('finished');
    };
    this.options.signal.addEventListener('abort', onAbort);
    if (this.options.signal.aborted) onAbort();
    try {
      this.connect().catch((error: Error) => this.finish(error));
      return await ending;
    } finally {
      this.options.signal.removeEventListener('abort', onAbort);
      await this.leave();
      this.connection?.close();
    }
  }

  private async connect(): Promise<void> {
    const { kept, options, assignment } = this;
    const hello: control.Hello = {
      version: PROTOCOL_VERSION,
      name: options.name ?? hostname(),
      pid: process.pid,
      process: kept.process,
      seat: kept.seat,
      ...(options.use && options.use.length > 0 && { use: [...options.use] }),
      resumes: assignment && { epoch: assignment.epoch, generation: assignment.generation },
      repeats: true,
    };
    const { connection, admission } = await ControlConnection.open(this.url, options, hello, {
      answer: (event, content) => this.answers[event](content),
      receive: (event, content) => this.notices[event](content),
      broke: (error) => this.finish(error),
      lost: (error) => this.lost(error),
    });
    if (this.over) return connection.close();
    this.connection = connection;
    if (this.assignment) connection.watch(this.assignment.heartbeatMs);
    kept.reachedMs = performance.now();
    if ('refused' in admission) throw new NotWanted(admission.refused);
    if ('over' in admission) return this.finish(admission.over);
    if (this.assignment && 'seat' in admission && admission.seat === kept.seat) return;
    if ('spare' in admission) {
      await this.leave();
      options.note(`joined ${this.url}: all seats are taken, waiting for one`);
    } else {
      kept.seat = admission.seat;
      options.note(`joined ${this.url} as worker-${admission.seat}`);
    }
  }

  /** The control connection broke. The worker opens another for as long as its seat is kept, which its frame link does. */
  private async lost(error: GradswarmError): Promise<void> {
    this.connection = null;
    let upMs = performance.now();
    for (let delayMs = FIRST_RETRY_MS; !this.over; delayMs = Math.min(LONGEST_RETRY_MS, 2 * delayMs)) {
      if (this.hosting?.link.isUp) upMs = performance.now();
      if (!this.assignment || performance.now() > upMs + this.assignment.heartbeatMs) return this.finish(error);
      await pause(delayMs * (0.5 + randomInt(1 << 20) / (1 << 21)));
      // The end of the run and of its connection may arrive together: then nothing is opened again.
      if (this.over) return;
      try {
        return await this.connect();
      } catch (problem) {
        if (problem instanceof NotWanted) return this.finish(problem);
        // A process of this machine that was started by the coordinator ends with it.
        if (!this.options.retryForMs && /ECONNREFUSED/.test((problem as Error).message)) return this.finish(error);
      }
    }
  }

  private readonly answers = {
    stop: given(control.stop, async (message) => {
      this.stopped(message);
      return {};
    }),
    assign: given(control.assign, (assign) => this.assigned(assign)),
    introduce: given(control.introduce, async (introduction) => {
      if (!this.assignment) throw new GradswarmError('ERR_PROTOCOL', "'introduce' came before 'assign'");
      this.assignment.introduced ??= this.need().link.connectPeers(introduction);
      return { unreachable: await this.assignment.introduced };
    }),
    waits: given(control.nothing, async () => this.waits()),
  };

  private readonly notices = {
    begin: given(control.plan, (plan) => {
      const { hosting } = this;
      if (hosting) void hosting.begin(plan, () => this.hosting === hosting);
    }),
    settle: given(control.settle, ({ cohort, ...settlement }) =>
      this.hosting?.host.settle(
        {
          ...settlement,
          undelivered: settlement.undelivered.map(({ client, posts }) => ({ client, posts })),
        },
        cohort,
      ),
    ),
    abort: given(control.abort, ({ clients, ...attempt }) => this.hosting?.host.stop(attempt, clients)),
    collect: given(control.collect, (request) => this.hosting?.collect(request)),
  };

  /** Control messages that come over the link: these of an epoch, so that a cut loses none. */
  private readonly linked: Readonly<Record<string, (content: unknown) => unknown>> = {
    ...this.notices,
    stop: given(control.stop, (message) => this.stopped(message)),
    waits: given(control.numberedQuestion, ({ request }) => this.hosting?.send('waits', { request, ...this.waits() })),
  };

  private stopped(message: control.Stop): void {
    // Answered first: the coordinator closes the connection once it is.
    setImmediate(() => this.finish('over' in message ? message.over : new NotWanted(message.refused)));
  }

  private waits(): control.Waits {
    const { office } = this.need().site;
    return { waits: [...office.waits()], computing: office.isComputing };
  }

  /** Releases what an earlier assignment left: its halves, its sockets, its records. The data and the model stay. */
  private async leave(): Promise<void> {
    const { hosting } = this;
    this.assignment = null;
    this.hosting = null;
    await hosting?.leave();
  }

  private async assigned(assign: control.Assign): Promise<control.Ready> {
    const { epoch, generation, token } = assign;
    if (this.assignment?.token === token) return this.assignment.ready;
    const left = this.leave();
    const scenario = assign.scenario as unknown as Scenario;
    const { heartbeatMs } = scenario.workers;
    const assignment: Assignment = {
      token,
      epoch,
      generation,
      heartbeatMs,
      ready: left.then(() => this.prepare(assign, scenario, () => this.assignment === assignment)),
      introduced: null,
    };
    this.assignment = assignment;
    assignment.ready.catch((error: unknown) => {
      if (this.assignment === assignment) this.assignment = null;
      // This machine does not have what it was started for, and will not have it at the next assignment. The answer goes first.
      if (error instanceof GradswarmError && error.code === 'ERR_DEVICE') setImmediate(() => this.finish(error));
    });
    this.connection?.watch(heartbeatMs);
    this.kept.seat = Number(assign.worker.slice('worker-'.length));
    return assignment.ready;
  }

  private async prepare(assign: control.Assign, scenario: Scenario, isCurrent: () => boolean): Promise<control.Ready> {
    const problem = await this.problemOf(scenario);
    this.kept.reachedMs = performance.now();
    const { options } = this;
    const hosting = await Hosting.open(this.url, options, assign, problem, {
      packed: (message) => this.packed(message),
      breach: (link, error) => {
        if (this.hosting?.link === link) this.finish(error);
      },
      // The coordinator ended the epoch: what comes next is an assignment, over the control connection.
      closed: (link) => {
        if (this.hosting?.link === link) void this.leave();
      },
    });
    if (!isCurrent()) {
      await hosting.link.close();
      throw new GradswarmError('ERR_PROTOCOL', 'another assignment came');
    }
    hosting.connect();
    this.hosting = hosting;
    const { device, parameterCount } = problem.family;
    options.note(`${assign.clients.length} clients, ${device ? device.why.join('; ') : 'plain loops'}`);
    return {
      device: device?.name ?? 'plain loops',
      deterministic: device?.deterministic ?? true,
      parameterCount,
      read: problem.fingerprint,
      peer: hosting.link.peerAddress,
    };
  }

  /** Kept over epochs: loading data may take longer than all rounds. */
  private async problemOf(scenario: Scenario): Promise<Problem> {
    const key = JSON.stringify(scenario);
    const known = this.kept.problem?.key === key ? await this.kept.problem.opened : null;
    if (known) return known;
    const { device } = this.options;
    // What 'auto' of the scenario stands for is the coordinator's choice; here it is that of this worker alone.
    const chosen = device === 'auto' ? processChoices.maker(device, false) : undefined;
    const opened = openProblem(scenario, device, chosen);
    this.kept.problem = { key, opened };
    return opened;
  }

  /** What is not a frame, from the coordinator over the link. */
  private packed(message: control.Packed): void {
    if (!this.hosting) return;
    const { host, link } = this.hosting;
    if (message.type === 'restore') host.restore(new Map([[message.client, Uint8Array.from(message.data)]]));
    else if (message.type === 'restored-all') link.notify(message);
    else if (message.type === 'control') {
      const receive = Object.hasOwn(this.linked, message.event) ? this.linked[message.event] : undefined;
      if (!receive) throw new GradswarmError('ERR_PROTOCOL', `'${message.event}' is not a control message of an epoch`);
      receive(message.content);
    }
  }

  private need(): Hosting {
    if (!this.hosting) throw new GradswarmError('ERR_PROTOCOL', 'received a message of a run before its assignment');
    return this.hosting;
  }
}

/** What acts on a message's content once that is known to be of its shape. */
function given<S extends z.ZodType, R>(schema: S, act: (message: z.output<S>) => R): (content: unknown) => R {
  return (content) => act(control.checked(schema, content, 'coordinator'));
}
