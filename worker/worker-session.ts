import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import { GradswarmError } from '../protocol/errors.js';
import { frameHold } from '../protocol/links/link-buckets.js';
import { openNetwork, type ScenarioNetwork } from '../protocol/links/network.js';
import type { AnyMethod, MessageKind } from '../protocol/method.js';
import { encodeState } from '../protocol/party/state-codec.js';
import type { Scenario, UsedModule } from '../protocol/scenario/scenario.js';
import { loadRunMethod } from '../protocol/selection/parts/run-method.js';
import type { TlsTrust } from '../protocol/sockets/challenge.js';
import * as control from '../protocol/wire/control-messages.js';
import { hasOtherLengths, layoutsOf } from '../protocol/wire/layout.js';
import { maxBodyBytes, maxPackedBytes, maxPackedValues, PROTOCOL_VERSION } from '../protocol/wire/limits.js';
import type { RoundPlan } from '../protocol/wire/seal.js';
import { ClientHost } from './client-host.js';
import { ControlConnection, NotWanted } from './control-connection.js';
import { FrameLink } from './frame-link.js';
import type { PeerAddress } from './peer-sockets.js';
import { openPrivacy } from './privacy.js';
import { openProblem, type Problem } from './problem.js';
import { systemSecrets } from './secrets.js';
import { openSite } from './site.js';

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2000;

export interface WorkerProcessOptions {
  /** Compute device; null: the scenario's. */
  readonly device: string | null;
  readonly signal: AbortSignal;
  /** Where to listen for other workers, in methods whose clients send to clients; null: frames between clients go through the coordinator. */
  readonly peers: PeerAddress | null;
  /** Of the run: proves that this worker may join, and that the coordinator is the run's. */
  readonly token: string;
  readonly trust: TlsTrust;
  /** What it is called; left out: the host's name. A worker that is started again takes the seat that was last held under its name. */
  readonly name?: string;
  /** The seat to take; left out: any. */
  readonly seat?: number;
  /** The modules of its own that this process has loaded; left out: none. */
  readonly use?: readonly UsedModule[];
  /** How long to look for a coordinator that is not there, milliseconds; left out: not at all. */
  readonly retryForMs?: number;
  /** One line for a person. */
  note(text: string): void;
}

/** Everything a worker has once it knows its run. */
interface Hosting {
  readonly assign: control.Assign;
  readonly host: ClientHost;
  readonly link: FrameLink;
  readonly site: Awaited<ReturnType<typeof openSite>>;
  readonly networkModel: ScenarioNetwork;
  plan: RoundPlan | null;
}

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
  problem: { readonly key: string; readonly opened: Promise<Problem> } | null;
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
      if (this.hosting) void this.begin(this.hosting, plan);
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
    collect: given(control.collect, (request) => this.collect(request)),
  };

  /** Control messages that come over the link: these of an epoch, so that a cut loses none. */
  private readonly linked: Readonly<Record<string, (content: unknown) => unknown>> = {
    ...this.notices,
    stop: given(control.stop, (message) => this.stopped(message)),
    waits: given(control.numberedQuestion, ({ request }) => this.send('waits', { request, ...this.waits() })),
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
    if (!hosting) return;
    if (hosting.plan) hosting.host.stop(hosting.plan, null);
    await hosting.link.close();
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
    assignment.ready.catch(() => {
      if (this.assignment === assignment) this.assignment = null;
    });
    this.connection?.watch(heartbeatMs);
    this.kept.seat = Number(assign.worker.slice('worker-'.length));
    return assignment.ready;
  }

  private async prepare(assign: control.Assign, scenario: Scenario, isCurrent: () => boolean): Promise<control.Ready> {
    const method = await loadRunMethod(scenario);
    const problem = await this.problemOf(scenario);
    this.kept.reachedMs = performance.now();
    const layouts = layoutsOf(method.messages, scenario.precision, problem.family.parameterCount);
    const size = {
      parameterCount: problem.family.parameterCount,
      clientCount: scenario.clients,
      otherLengths: hasOtherLengths(method.messages),
    };
    const { heartbeatMs, peerDownMs } = scenario.workers;
    const link = await FrameLink.open({
      coordinatorUrl: this.url,
      assign,
      layouts: layouts.values(),
      clientCount: scenario.clients,
      kindCount: layouts.size,
      maxBodyBytes: maxBodyBytes(size),
      maxPackedBytes: maxPackedBytes(size),
      maxPackedValues: maxPackedValues(size),
      peers: clientsSendToClients(method) ? this.peersOffered() : null,
      trust: this.options.trust,
      heartbeatMs,
      peerDownMs,
      hold: frameHold(scenario, layouts.values(), () => performance.now()),
      onPacked: (message) => this.packed(message),
      onBreach: (error) => {
        if (this.hosting?.link === link) this.finish(error);
      },
      // The coordinator ended the epoch: what comes next is an assignment, over the control connection.
      onClosed: () => {
        if (this.hosting?.link === link) void this.leave();
      },
      note: this.options.note,
    });
    const networkModel = await openNetwork(scenario);
    const site = await openSite({
      scenario,
      method,
      problem,
      mode: 'fast',
      shuffle: null,
      remote: link,
      networkModel,
      secrets: systemSecrets,
      privacy: openPrivacy(scenario, method),
    });
    if (!isCurrent()) {
      await link.close();
      throw new GradswarmError('ERR_PROTOCOL', 'another assignment came');
    }
    link.connect(site.office);
    const host = new ClientHost(site, () => problem.family.tensorCount());
    host.host(assign.clients);
    this.hosting = { assign, host, link, site, networkModel, plan: null };
    const { device } = problem.family;
    this.options.note(`${assign.clients.length} clients, ${device ? device.why.join('; ') : 'plain loops'}`);
    return {
      device: device?.name ?? 'plain loops',
      deterministic: device?.deterministic ?? true,
      parameterCount: problem.family.parameterCount,
      read: problem.fingerprint,
      peer: link.peerAddress,
    };
  }

  /** No socket between workers is less safe than those to the coordinator. */
  private peersOffered(): PeerAddress | null {
    const { peers } = this.options;
    const secure = /^(wss|https):/.test(this.url);
    return secure && !peers?.tls ? null : peers;
  }

  /** Kept over epochs: loading data may take longer than all rounds. */
  private problemOf(scenario: Scenario): Promise<Problem> {
    const key = JSON.stringify(scenario);
    if (this.kept.problem?.key !== key)
      this.kept.problem = { key, opened: openProblem(scenario, this.options.device ?? undefined) };
    return this.kept.problem.opened;
  }

  private async begin(hosting: Hosting, plan: RoundPlan): Promise<void> {
    const { host, networkModel, assign } = hosting;
    hosting.plan = plan;
    const { epoch, generation } = assign;
    const stamp = { epoch, generation, index: plan.index, attempt: plan.attempt };
    try {
      const report = await host.begin(plan);
      if (this.hosting === hosting) this.send('done', { ...stamp, ...report, firings: networkModel.takeFirings() });
    } catch (error) {
      if (this.hosting !== hosting) return;
      const known = error instanceof GradswarmError;
      this.send('failed', {
        ...stamp,
        code: known ? error.code : 'ERR_HALF_FAILED',
        message: known ? error.message.replace(`${error.code}: `, '') : String(error),
      });
    }
  }

  private collect({ request, what, clients }: control.Collect): void {
    if (!this.hosting) return;
    const { host, link } = this.hosting;
    const answers =
      what === 'records'
        ? host.records(clients)
        : new Map([...host.estimates()].map(([client, vectors]) => [client, encodeState(vectors, 'estimates')]));
    for (const [client, data] of answers)
      link.notify({ type: 'collected', request, client, data: data as Uint8Array<ArrayBuffer> });
    link.notify({ type: 'collected-all', request });
  }

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

  private send(event: string, content: unknown): void {
    this.hosting?.link.notify({ type: 'control', event, content });
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

/** Do frames go from clients to clients? Only then do workers need sockets to each other. */
function clientsSendToClients(method: AnyMethod): boolean {
  const kinds: readonly MessageKind[] = Object.values(method.messages);
  return kinds.some(({ from, to }) => from === 'clients' && to !== 'coordinator');
}
