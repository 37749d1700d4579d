import { GradswarmError } from '../protocol/errors.js';
import { frameHold } from '../protocol/links/link-buckets.js';
import { openNetwork, type ScenarioNetwork } from '../protocol/links/network.js';
import type { AnyMethod, ClientIndex, MessageKind } from '../protocol/method.js';
import type { RunSite } from '../protocol/party/run-site.js';
import { encodeState } from '../protocol/party/state-codec.js';
import type { KindCodec, Scenario } from '../protocol/scenario/scenario.js';
import { loadRunMethod } from '../protocol/selection/parts/run-method.js';
import { hasOwnFrames } from '../protocol/sockets/watched-socket.js';
import type * as control from '../protocol/wire/control-messages.js';
import { hasOtherLengths, type KindLayout, layoutsOf } from '../protocol/wire/layout.js';
import { maxBodyBytes, maxPackedBytes, maxPackedValues } from '../protocol/wire/limits.js';
import type { RoundPlan } from '../protocol/wire/seal.js';
import { ClientHost } from './client-host.js';
import { FrameLink } from './frame-link.js';
import type { PeerAddress } from './peer-sockets.js';
import { openPrivacy } from './privacy.js';
import type { Problem } from './problem.js';
import { systemSecrets } from './secrets.js';
import { openSite } from './site.js';
import { SummingLink } from './summing-link.js';
import type { WorkerProcessOptions } from './worker-options.js';

/** What the link of a hosting reports to its session. */
interface LinkEvents {
  packed(message: control.Packed): void;
  breach(link: FrameLink, error: GradswarmError): void;
  closed(link: FrameLink): void;
}

/** The clients of one assignment: the link to the coordinator, the parties that run here, the round in progress. */
export class Hosting {
  readonly host: ClientHost;
  private plan: RoundPlan | null = null;

  private constructor(
    private readonly assign: control.Assign,
    readonly link: FrameLink,
    readonly site: RunSite,
    private readonly networkModel: ScenarioNetwork,
    problem: Problem,
    private readonly sums: SummingLink | null,
  ) {
    this.host = new ClientHost(site, () => problem.family.tensorCount());
  }

  /** Opens the link and loads the method; `connect` then takes the clients. */
  static async open(
    coordinatorUrl: string,
    options: WorkerProcessOptions,
    assign: control.Assign,
    problem: Problem,
    events: LinkEvents,
  ): Promise<Hosting> {
    const scenario = assign.scenario as unknown as Scenario;
    const method = await loadRunMethod(scenario);
    const { parameterCount } = problem.family;
    const layouts = layoutsOf(method.messages, scenario.precision, parameterCount);
    const size = { parameterCount, clientCount: scenario.clients, otherLengths: hasOtherLengths(method.messages) };
    const { heartbeatMs, peerDownMs } = scenario.workers;
    const link: FrameLink = await FrameLink.open({
      coordinatorUrl,
      assign,
      layouts: layouts.values(),
      clientCount: scenario.clients,
      kindCount: layouts.size,
      maxBodyBytes: maxBodyBytes(size),
      maxPackedBytes: maxPackedBytes(size),
      maxPackedValues: maxPackedValues(size),
      peers: clientsSendToClients(method) ? peersOffered(coordinatorUrl, options.peers) : null,
      trust: options.trust,
      localLink: options.localLink ?? null,
      ownFrames: hasOwnFrames(parameterCount, scenario.precision),
      heartbeatMs,
      peerDownMs,
      hold: frameHold(scenario, layouts.values(), () => performance.now()),
      onPacked: (message) => events.packed(message),
      onBreach: (error) => events.breach(link, error),
      onClosed: () => events.closed(link),
      note: options.note,
    });
    const networkModel = await openNetwork(scenario);
    const summed = summedHere(scenario, method, networkModel, layouts);
    const sums = summed.size > 0 ? new SummingLink(link, summed, () => site.host) : null;
    const site: RunSite = await openSite({
      scenario,
      method,
      problem,
      mode: 'fast',
      shuffle: null,
      remote: sums ?? link,
      measured: true,
      networkModel,
      secrets: systemSecrets,
      privacy: openPrivacy(scenario, method),
    });
    return new Hosting(assign, link, site, networkModel, problem, sums);
  }

  /** From here on frames reach the clients. */
  connect(): void {
    this.link.connect(this.site.office);
    this.host.host(this.assign.clients);
  }

  /** A control message over the link. */
  send(event: string, content: unknown): void {
    this.link.notify({ type: 'control', event, content });
  }

  /** Runs a round and reports it, unless it is no longer `current` when it ends. */
  async begin(plan: RoundPlan, current: () => boolean): Promise<void> {
    this.plan = plan;
    const { epoch, generation } = this.assign;
    this.sums?.begin(plan, this.membersOf(plan));
    const stamp = { epoch, generation, index: plan.index, attempt: plan.attempt };
    try {
      const report = await (plan.task ? this.host.task(plan) : this.host.begin(plan));
      if (current()) this.send('done', { ...stamp, ...report, firings: this.networkModel.takeFirings() });
    } catch (error) {
      if (!current()) return;
      const known = error instanceof GradswarmError;
      this.send('failed', {
        ...stamp,
        code: known ? error.code : 'ERR_HALF_FAILED',
        message: known ? error.message.replace(`${error.code}: `, '') : String(error),
      });
    }
  }

  private membersOf({ cohort, absent }: RoundPlan): readonly ClientIndex[] {
    const hosted = new Set(this.assign.clients);
    for (const { from } of absent) hosted.delete(from);
    return cohort.filter((client) => hosted.has(client));
  }

  /** Sends the records or estimates of these clients. */
  collect({ request, what, clients }: control.Collect): void {
    const { host, link } = this;
    const answers =
      what === 'records'
        ? host.records(clients)
        : new Map([...host.estimates()].map(([client, vectors]) => [client, encodeState(vectors, 'estimates')]));
    for (const [client, data] of answers)
      link.notify({ type: 'collected', request, client, data: data as Uint8Array<ArrayBuffer> });
    link.notify({ type: 'collected-all', request });
  }

  /** Stops the round in progress and closes the link. */
  async leave(): Promise<void> {
    if (this.plan) this.host.stop(this.plan, null);
    await this.link.close();
  }
}

/** Kinds whose messages are summed before they are sent: nothing of this run looks at one message, or needs more than their sum. */
function summedHere(
  { participation, clock, codecs, measure = [], aggregators = {} }: Scenario,
  { schedule }: AnyMethod,
  { attacks, receiveTransform }: ScenarioNetwork,
  layouts: ReadonlyMap<string, KindLayout>,
): ReadonlyMap<number, KindLayout> {
  const { deadlineMs, first } = participation;
  const judged = deadlineMs !== null || (first ?? null) !== null || clock === 'wall' || measure.length > 0;
  const changed = attacks.length > 0 || receiveTransform !== null || Object.keys(aggregators).length > 0;
  if (schedule !== undefined || judged || changed) return new Map();
  const summed = [...layouts.values()].filter(({ name, kind }) => kind.summed && isPlain(codecs[name]));
  return new Map(summed.map((layout) => [layout.index, layout]));
}

function isPlain(coding: KindCodec | undefined): boolean {
  return !coding || (coding.codec.name === 'identity' && coding.memory === null);
}

/** Do frames go from clients to clients? Only then do workers need sockets to each other. */
function clientsSendToClients(method: AnyMethod): boolean {
  const kinds: readonly MessageKind[] = Object.values(method.messages);
  return kinds.some(({ from, to }) => from === 'clients' && to !== 'coordinator');
}

/** No socket between workers is less safe than those to the coordinator. */
function peersOffered(coordinatorUrl: string, peers: PeerAddress | null): PeerAddress | null {
  const secure = /^(wss|https):/.test(coordinatorUrl);
  return secure && !peers?.tls ? null : peers;
}
