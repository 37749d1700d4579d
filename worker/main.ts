import { hostname } from 'node:os';
import { Packr } from 'msgpackr';
import { io, type Socket } from 'socket.io-client';
import { GradswarmError } from '../protocol/errors.js';
import { frameHold } from '../protocol/links/link-buckets.js';
import { createNetwork, type ScenarioNetwork } from '../protocol/links/network.js';
import type { AnyMethod, MessageKind } from '../protocol/method.js';
import { loadMethod } from '../protocol/method-loader.js';
import { encodeState } from '../protocol/party/state-codec.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import * as control from '../protocol/wire/control-messages.js';
import { maxBodyBytes } from '../protocol/wire/frame-channel.js';
import { layoutsOf } from '../protocol/wire/layout.js';
import { PROTOCOL_VERSION } from '../protocol/wire/limits.js';
import type { RoundPlan } from '../protocol/wire/seal.js';
import { ClientHost } from './client-host.js';
import { FrameLink } from './frame-link.js';
import type { PeerAddress } from './peer-sockets.js';
import { openPrivacy } from './privacy.js';
import { openProblem } from './problem.js';
import { systemSecrets } from './secrets.js';
import { openSite } from './site.js';

const packr = new Packr({ useRecords: false });

export interface WorkerProcessOptions {
  /** Compute device; null: the scenario's. */
  readonly device: string | null;
  readonly signal: AbortSignal;
  /** Where to listen for other workers, in methods whose clients send to clients; null: frames between clients go through the coordinator. */
  readonly peers: PeerAddress | null;
  /** One line for a person. */
  note(text: string): void;
}

/** Everything a worker has once it knows its run. */
interface Hosting {
  readonly host: ClientHost;
  readonly link: FrameLink;
  readonly site: Awaited<ReturnType<typeof openSite>>;
  readonly networkModel: ScenarioNetwork;
}

/** Hosts clients for the coordinator at `url` (ws://host:port) until it says that the run is over. Throws ERR_WORKER_LOST when it is gone. */
export async function runWorker(url: string, options: WorkerProcessOptions): Promise<void> {
  const socket = io(url.replace(/^ws/, 'http'), {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    timeout: 10_000,
  });
  try {
    await new WorkerSession(url, socket, options).run();
  } finally {
    socket.disconnect();
  }
}

class WorkerSession {
  private hosting: Hosting | null = null;
  private finish: (error?: Error) => void = () => {};

  constructor(
    private readonly url: string,
    private readonly socket: Socket,
    private readonly options: WorkerProcessOptions,
  ) {}

  async run(): Promise<void> {
    const over = new Promise<void>((resolve, reject) => {
      this.finish = (error) => (error ? reject(error) : resolve());
    });
    this.options.signal.addEventListener('abort', () => this.finish());
    this.listen();
    try {
      await Promise.all([this.join(), over]);
    } finally {
      await this.hosting?.link.close();
    }
  }

  private listen(): void {
    const { socket } = this;
    socket.on('connect_error', (error) =>
      this.finish(new GradswarmError('ERR_WORKER_LOST', `no coordinator at ${this.url}: ${error.message}`)),
    );
    socket.on('disconnect', (reason) =>
      this.finish(new GradswarmError('ERR_WORKER_LOST', `the coordinator at ${this.url} is gone: ${reason}`)),
    );
    socket.on('stop', (answer: unknown) => {
      if (typeof answer === 'function') answer();
      this.finish();
    });
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
      this.answering(control.nothing, async () => [...this.need().site.office.waits()]),
    );
    socket.on(
      'begin',
      this.told(control.plan, (plan) => void this.begin(this.need(), plan)),
    );
    socket.on(
      'settle',
      this.told(control.settle, ({ cohort, ...settlement }) =>
        this.need().host.settle(
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
      this.told(control.abort, ({ clients, ...attempt }) => this.need().host.stop(attempt, clients)),
    );
    socket.on(
      'collect',
      this.told(control.collect, (request) => this.collect(request)),
    );
  }

  private async join(): Promise<void> {
    const hello: control.Hello = {
      version: PROTOCOL_VERSION,
      name: hostname(),
      pid: process.pid,
    };
    const answer = unpacked(await this.socket.emitWithAck('hello', packr.pack(hello)));
    const reply = control.checked(control.admission, answer, "coordinator, answer to 'hello'");
    if ('refused' in reply) throw new GradswarmError('ERR_PROTOCOL', `refused: ${reply.refused}`);
    this.options.note(`joined ${this.url} as ${reply.worker}`);
  }

  private async assigned(assign: control.Assign): Promise<control.Ready> {
    const scenario = assign.scenario as unknown as Scenario;
    const method = await loadMethod(scenario.method.name);
    const problem = await openProblem(scenario, this.options.device ?? undefined);
    const layouts = layoutsOf(method.messages, scenario.precision);
    const link = await FrameLink.open({
      coordinatorUrl: this.url,
      assign,
      layouts: layouts.values(),
      clientCount: scenario.clients,
      kindCount: layouts.size,
      maxBodyBytes: maxBodyBytes(problem.family.parameterCount),
      peers: clientsSendToClients(method) ? this.options.peers : null,
      hold: frameHold(scenario, layouts.values(), () => performance.now()),
      onPacked: (message) => this.packed(message),
      onLost: (error) => this.finish(error),
      note: this.options.note,
    });
    const networkModel = createNetwork(scenario);
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
    this.hosting = { host, link, site, networkModel };
    const { device } = problem.family;
    this.options.note(`${assign.clients.length} clients, ${device ? device.why.join('; ') : 'plain loops'}`);
    return {
      device: device?.name ?? 'plain loops',
      deterministic: device?.deterministic ?? true,
      parameterCount: problem.family.parameterCount,
      peer: link.peerAddress,
    };
  }

  private async begin({ host, networkModel }: Hosting, plan: RoundPlan): Promise<void> {
    try {
      const report = await host.begin(plan);
      this.onSend('done', { index: plan.index, attempt: plan.attempt, ...report, firings: networkModel.takeFirings() });
    } catch (error) {
      const known = error instanceof GradswarmError;
      this.onSend('failed', {
        index: plan.index,
        attempt: plan.attempt,
        code: known ? error.code : 'ERR_HALF_FAILED',
        message: known ? error.message.replace(`${error.code}: `, '') : String(error),
      });
    }
  }

  private collect({ request, what, clients }: control.Collect): void {
    const { host, link } = this.need();
    const answers =
      what === 'records'
        ? host.records(clients)
        : new Map([...host.estimates()].map(([client, vectors]) => [client, encodeState(vectors, 'estimates')]));
    for (const [client, data] of answers)
      link.notify({ type: 'collected', request, client, data: data as Uint8Array<ArrayBuffer> });
    link.notify({ type: 'collected-all', request });
  }

  private packed(message: control.Packed): void {
    const { host, link } = this.need();
    if (message.type === 'restore') host.restore(new Map([[message.client, Uint8Array.from(message.data)]]));
    else if (message.type === 'restored-all') link.notify(message);
  }

  private onSend(event: string, message: unknown): void {
    this.socket.emit(event, packr.pack(message));
  }

  private need(): Hosting {
    if (!this.hosting)
      throw new GradswarmError('ERR_PROTOCOL', 'the coordinator spoke of a run before it assigned one');
    return this.hosting;
  }

  /** An event without an answer. A message that is not understood ends the worker: going on would be guessing. */
  private told<S extends Parameters<typeof control.checked>[0]>(
    schema: S,
    use: (message: ReturnType<typeof control.checked<S>>) => void,
  ) {
    return (data: unknown) => {
      try {
        use(control.checked(schema, unpacked(data), 'coordinator'));
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
          answer(packr.pack(await use(control.checked(schema, unpacked(data), 'coordinator'))));
        } catch (error) {
          const code = error instanceof GradswarmError ? error.code : 'ERR_PROTOCOL';
          answer(packr.pack({ error: { code, message: (error as Error).message } }));
        }
      })();
    };
  }
}

function unpacked(data: unknown): unknown {
  if (!(data instanceof Uint8Array)) throw new GradswarmError('ERR_PROTOCOL', 'expected one binary argument');
  try {
    return packr.unpack(data);
  } catch {
    throw new GradswarmError('ERR_PROTOCOL', 'expected msgpack, got other bytes');
  }
}

/** Do frames go from clients to clients? Only then do workers need sockets to each other. */
export function clientsSendToClients(method: AnyMethod): boolean {
  const kinds: readonly MessageKind[] = Object.values(method.messages);
  return kinds.some(({ from, to }) => from === 'clients' && to !== 'coordinator');
}
