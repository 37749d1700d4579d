import { hostname } from 'node:os';
import type { Socket } from 'socket.io-client';
import { GradswarmError } from '../protocol/errors.js';
import { frameHold } from '../protocol/links/link-buckets.js';
import { openNetwork, type ScenarioNetwork } from '../protocol/links/network.js';
import type { AnyMethod, MessageKind } from '../protocol/method.js';
import { loadMethod } from '../protocol/method-loader.js';
import { encodeState } from '../protocol/party/state-codec.js';
import type { Scenario, UsedModule } from '../protocol/scenario/scenario.js';
import type { provenQuery } from '../protocol/sockets/admission.js';
import type { TlsTrust } from '../protocol/sockets/challenge.js';
import * as control from '../protocol/wire/control-messages.js';
import { hasOtherLengths, layoutsOf } from '../protocol/wire/layout.js';
import { maxBodyBytes, maxPackedBytes, maxPackedValues, PROTOCOL_VERSION } from '../protocol/wire/limits.js';
import { pack, unpack } from '../protocol/wire/packing.js';
import type { RoundPlan } from '../protocol/wire/seal.js';
import { ClientHost } from './client-host.js';
import { FrameLink } from './frame-link.js';
import type { PeerAddress } from './peer-sockets.js';
import { openPrivacy } from './privacy.js';
import { openProblem, type Problem } from './problem.js';
import { systemSecrets } from './secrets.js';
import { openSite } from './site.js';

/** The coordinator names all clients of a run, which may be many. */
const COORDINATOR_VALUES = 1 << 24;

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

/** What a worker keeps from one connection, and one epoch, to the next. */
export interface Kept {
  readonly process: string;
  seat: number | null;
  problem: { readonly key: string; readonly opened: Promise<Problem> } | null;
  /** When a coordinator last answered. */
  reachedMs: number;
}

/** The coordinator does not want this worker: asking again would not help. */
export class NotWanted extends GradswarmError {
  constructor(why: string) {
    super('ERR_PROTOCOL', `refused: ${why}`);
  }
}

export type Ending = 'finished' | 'failed' | 'again';

/** One connection to the coordinator. */
export class WorkerSession {
  private hosting: Hosting | null = null;
  private finish: (how: Ending | Error) => void = () => {};

  constructor(
    private readonly url: string,
    private readonly socket: Socket,
    private readonly joining: ReturnType<typeof provenQuery>,
    private readonly options: WorkerProcessOptions,
    private readonly kept: Kept,
  ) {}

  async run(): Promise<Ending> {
    const over = new Promise<Ending>((resolve, reject) => {
      this.finish = (how) => (how instanceof Error ? reject(how) : resolve(how));
    });
    const onAbort = () => {
      this.socket.emit('goodbye');
      this.finish('finished');
    };
    this.options.signal.addEventListener('abort', onAbort);
    if (this.options.signal.aborted) onAbort();
    this.listen();
    try {
      this.join().catch((error: Error) => this.finish(error));
      return await over;
    } finally {
      this.options.signal.removeEventListener('abort', onAbort);
      await this.leave();
    }
  }

  private listen(): void {
    const { socket } = this;
    socket.on('connect_error', (error) => this.finish(connectError(this.url, error)));
    socket.on('disconnect', (reason) =>
      this.finish(new GradswarmError('ERR_WORKER_LOST', `the coordinator at ${this.url} was lost: ${reason}`)),
    );
    socket.on(
      'stop',
      this.answering(control.stop, async (message) => {
        // Answered first: the coordinator closes the connection once it is.
        setImmediate(() => this.finish('over' in message ? message.over : new NotWanted(message.refused)));
        return {};
      }),
    );
    socket.on(
      'assign',
      this.answering(control.assign, (assign) => this.assigned(assign)),
    );
    socket.on(
      'introduce',
      this.answering(control.introduce, async (message) => ({
        unreachable: await this.need().link.connectPeers(message),
      })),
    );
    socket.on(
      'waits',
      this.answering(control.nothing, async () => {
        const { office } = this.need().site;
        return { waits: [...office.waits()], computing: office.isComputing };
      }),
    );
    socket.on(
      'begin',
      this.on(control.plan, (plan) => {
        if (this.hosting) void this.begin(this.hosting, plan);
      }),
    );
    socket.on(
      'settle',
      this.on(control.settle, ({ cohort, ...settlement }) =>
        this.hosting?.host.settle(
          {
            ...settlement,
            undelivered: settlement.undelivered.map(({ client, posts }) => ({ client, posts })),
          },
          cohort,
        ),
      ),
    );
    socket.on(
      'abort',
      this.on(control.abort, ({ clients, ...attempt }) => this.hosting?.host.stop(attempt, clients)),
    );
    socket.on(
      'collect',
      this.on(control.collect, (request) => this.collect(request)),
    );
  }

  private async join(): Promise<void> {
    const { kept, options } = this;
    const hello: control.Hello = {
      version: PROTOCOL_VERSION,
      name: options.name ?? hostname(),
      pid: process.pid,
      process: kept.process,
      seat: kept.seat,
      ...(options.use && options.use.length > 0 && { use: [...options.use] }),
    };
    const answer = unpack(await this.socket.emitWithAck('hello', pack(hello)));
    const reply = control.checked(control.admission, answer, "coordinator, answer to 'hello'");
    if (!this.joining.answers(reply.proof)) throw new NotWanted(`the coordinator at ${this.url} has another token`);
    kept.reachedMs = performance.now();
    if ('refused' in reply) throw new NotWanted(reply.refused);
    if ('over' in reply) return this.finish(reply.over);
    if ('spare' in reply) options.note(`joined ${this.url}: all seats are taken, waiting for one`);
    else {
      kept.seat = reply.seat;
      options.note(`joined ${this.url} as worker-${reply.seat}`);
    }
  }

  /** Gives up what an earlier assignment left: its halves, its sockets, its records. The data and the model stay. */
  private async leave(): Promise<void> {
    const { hosting } = this;
    this.hosting = null;
    if (!hosting) return;
    if (hosting.plan) hosting.host.stop(hosting.plan, null);
    await hosting.link.close();
  }

  private async assigned(assign: control.Assign): Promise<control.Ready> {
    await this.leave();
    const scenario = assign.scenario as unknown as Scenario;
    const method = await loadMethod(scenario.method.name);
    const problem = await this.problemOf(scenario);
    this.kept.seat = Number(assign.worker.slice('worker-'.length));
    this.kept.reachedMs = performance.now();
    const layouts = layoutsOf(method.messages, scenario.precision, problem.family.parameterCount);
    const size = {
      parameterCount: problem.family.parameterCount,
      clientCount: scenario.clients,
      otherLengths: hasOtherLengths(method.messages),
    };
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
      hold: frameHold(scenario, layouts.values(), () => performance.now()),
      onPacked: (message) => this.packed(message),
      onLost: (error) => {
        if (this.hosting?.link === link) this.finish(error);
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
    const stamp = {
      epoch: assign.epoch,
      generation: assign.generation,
      index: plan.index,
      attempt: plan.attempt,
    };
    try {
      const report = await host.begin(plan);
      if (this.hosting === hosting) this.onSend('done', { ...stamp, ...report, firings: networkModel.takeFirings() });
    } catch (error) {
      if (this.hosting !== hosting) return;
      const known = error instanceof GradswarmError;
      this.onSend('failed', {
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
  }

  private onSend(event: string, message: unknown): void {
    this.socket.emit(event, pack(message));
  }

  private need(): Hosting {
    if (!this.hosting) throw new GradswarmError('ERR_PROTOCOL', 'received a message of a run before its assignment');
    return this.hosting;
  }

  /** An event without an answer. A malformed message ends the worker: there is no safe way to continue. */
  private on<S extends Parameters<typeof control.checked>[0]>(
    schema: S,
    use: (message: ReturnType<typeof control.checked<S>>) => void,
  ) {
    return (data: unknown) => {
      try {
        use(control.checked(schema, unpack(data, COORDINATOR_VALUES), 'coordinator'));
      } catch (error) {
        this.finish(error as Error);
      }
    };
  }

  /** An event with an answer; an error becomes the answer. */
  private answering<S extends Parameters<typeof control.checked>[0]>(
    schema: S,
    use: (message: ReturnType<typeof control.checked<S>>) => Promise<unknown>,
  ) {
    return (data: unknown, answer: unknown) => {
      if (typeof answer !== 'function') return;
      void (async () => {
        try {
          answer(pack(await use(control.checked(schema, unpack(data, COORDINATOR_VALUES), 'coordinator'))));
        } catch (error) {
          const code = error instanceof GradswarmError ? error.code : 'ERR_PROTOCOL';
          answer(pack({ error: { code, message: (error as Error).message } }));
        }
      })();
    };
  }
}

/** Why there is no connection: a coordinator that refused it differs from one that is unreachable. */
function connectError(url: string, error: Error & { readonly description?: unknown }): GradswarmError {
  const { message } = (error.description ?? error) as { readonly message?: unknown };
  const why = String(message ?? error.message);
  if (/\b403\b/.test(why)) return new NotWanted(`the coordinator at ${url} has another token`);
  return new GradswarmError('ERR_WORKER_LOST', `no coordinator at ${url}: ${why}`);
}

/** Do frames go from clients to clients? Only then do workers need sockets to each other. */
function clientsSendToClients(method: AnyMethod): boolean {
  const kinds: readonly MessageKind[] = Object.values(method.messages);
  return kinds.some(({ from, to }) => from === 'clients' && to !== 'coordinator');
}
