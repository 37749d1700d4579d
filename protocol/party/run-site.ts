import type { AggregationChain } from '../aggregators/aggregator.js';
import type { DeviceTime } from '../links/device-time.js';
import type {
  AnyMethod,
  ClientIndex,
  Objective,
  PartyId,
  Privacy,
  Rng,
  Secrets,
  Segment,
  Setup,
  Vector,
} from '../method.js';
import { rootStream } from '../numerics/random.js';
import type { LedgerEntry } from '../privacy/accounting/ledger-entry.js';
import type { SamplingCoins } from '../privacy/mechanisms/private-coins.js';
import type { Probe } from '../probe.js';
import { energyOf } from '../scenario/energy.js';
import type { Scenario } from '../scenario/scenario.js';
import { createTopology, type Topology, type TopologySpec } from '../topology/topology.js';
import { hasOtherLengths } from '../wire/layout.js';
import { maxKeptBytes } from '../wire/limits.js';
import type { RoundPlan } from '../wire/seal.js';
import { SpareMemory } from '../wire/spare-memory.js';
import { type ByteCounts, type DeadlineRule, Dispatch, type Network, noBytes } from './dispatch.js';
import { type ActingAttack, InboxRules } from './inbox-rules.js';
import { type KindCoding, MessageCoding, type ReceiveTransform, type SendTransform } from './message-coding.js';
import { Party } from './party.js';
import type { PartyServices } from './party-services.js';
import { PostOffice, type PostOfficeOptions } from './post-office.js';
import { type PartyRecord, presentRecord } from './record.js';
import { RestingClients } from './resting-clients.js';
import type { RoundClock } from './round-host.js';
import { RunHost } from './run-host.js';

/** Memory of encoded messages that have left, kept for the next ones. */
const SPARE_BYTES = 2 ** 25;

/** What a run needs to know of its model; the same in every process. */
export interface ModelShape {
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  readonly initialParams: Vector;
}

/** What happens between parties and to their devices; `links/network.ts` makes it from a scenario. */
export interface NetworkModel {
  /** null: every frame arrives at once, unharmed. */
  readonly network: Network | null;
  /** null: receivers hold what was decoded. */
  readonly receiveTransform: ReceiveTransform | null;
  /** null: what is posted is what is encoded. */
  readonly sendTransform: SendTransform | null;
  /** Byzantine senders, in the order of the scenario's faults. */
  readonly attacks: readonly ActingAttack[];
  /** Simulated time that a party's device takes in a round, by the party's own simulated time; 0 where it is left out. */
  deviceTime(party: PartyId, round: number, atMs?: number): DeviceTime;
  /** Does the client train on other examples than those of its shard in this round? Left out: never. */
  changesData?(client: ClientIndex, round: number): boolean;
  /** Noise on the client's gradients in this round. Left out: none. */
  gradientNoise?(client: ClientIndex, round: number): readonly GradientNoise[];
}

export interface GradientNoise {
  /** Name of its streams. */
  readonly purpose: string;
  perturb(gradient: Vector, own: Rng): void;
}

export interface RunSiteOptions extends PostOfficeOptions {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  readonly model: ModelShape;
  readonly codings: ReadonlyMap<string, KindCoding>;
  readonly networkModel: NetworkModel;
  /** Left out: none. */
  readonly probes?: readonly Probe[];
  readonly secrets: Secrets;
  /** Robust sums of the scenario, by kind; left out: none. */
  readonly aggregators?: ReadonlyMap<string, AggregationChain>;
  /** Milliseconds of a clock, for what is measured of codecs and clients alone; left out: codecs' times count as 0. */
  readonly now?: () => number;
  /** Are clients' real times measured by it? Where messages travel. */
  readonly measured?: boolean;
  privacy(party: PartyId, plan: RoundPlan, ledger: LedgerEntry[]): Privacy;
  /** Decide Poisson samples; null: the run's keyed streams do. */
  readonly coins?: SamplingCoins | null;
  objective(party: PartyId, round: RoundClock): Objective;
  /** The half of this round has returned. Left out: objectives hold nothing of a round. */
  released?(round: RoundClock): void;
  /** Examples of each client; left out: not known. */
  exampleCounts?(): readonly number[];
}

/** As many stay at hand as parties, whatever they keep. */
const KEPT_PARTIES = 4096;

/** One process's part of a run: its post office and its parties. Independent of sockets, clocks and devices. */
export class RunSite {
  readonly host: RunHost;
  readonly office: PostOffice;
  readonly dispatch: Dispatch;
  readonly topology: Topology | null;
  /** Those that run or keep something from round to round, and some others. */
  private readonly parties = new Map<PartyId, Party>();
  private readonly resting: RestingClients;
  /** Codecs of the kinds that have one. */
  readonly codings: ReadonlyMap<string, KindCoding>;
  private readonly services: PartyServices;
  private readonly setup: Omit<Setup<unknown>, 'rng'>;
  private counted = noBytes();

  constructor(options: RunSiteOptions) {
    const { scenario, method, model } = options;
    const streams = rootStream(scenario.seed, scenario.precision);
    this.topology = scenario.topology
      ? createTopology(scenario.topology as TopologySpec, scenario.clients, streams.derive('topology'))
      : null;
    const { name: _name, ...hyperparameters } = scenario.method;
    this.host = new RunHost({
      method,
      hyperparameters,
      clientCount: scenario.clients,
      precision: scenario.precision,
      segments: model.segments,
      parameterCount: model.parameterCount,
      streams,
      topology: this.topology,
      secrets: options.secrets,
      inboxRules: inboxRulesOf(options, streams),
      encodes: options.codings.size > 0,
      coins: options.coins ?? null,
      ...(options.exampleCounts && { exampleCounts: options.exampleCounts }),
    });
    this.resting = new RestingClients(scenario.clients);
    const keptBytes = maxKeptBytes({
      parameterCount: options.model.parameterCount,
      clientCount: options.scenario.clients,
      otherLengths: hasOtherLengths(options.method.messages),
    });
    this.office = new PostOffice(this.host.layouts.values(), { ...options, keptBytes });
    this.dispatch = new Dispatch(this.office, options.networkModel.network, deadlineRule(scenario), (frame, purpose) =>
      this.host.edgeStream(frame, purpose),
    );
    this.setup = {
      hyperparameters,
      initialParams: model.initialParams,
      segments: model.segments,
      clientCount: scenario.clients,
      shared: streams.derive('shared', 'init'),
    };
    const { networkModel } = options;
    const around = {
      receiveTransform: networkModel.receiveTransform,
      sendTransform: networkModel.sendTransform,
      nsPerParameterCoded: (party: PartyId, round: number, atMs: number) =>
        networkModel.deviceTime(party, round, atMs).nsPerParameterCoded,
      ...(options.now && { now: options.now }),
      bodies: new SpareMemory(SPARE_BYTES),
      vectors: this.host.vectors,
    };
    this.codings = options.codings;
    this.services = {
      host: this.host,
      office: this.office,
      dispatch: this.dispatch,
      coding: (_party, record) => new MessageCoding(this.codings, scenario.precision, record.memories, around),
      ...(options.measured && options.now && { now: options.now }),
      probes: options.probes ?? [],
      msPerRound: (party, round, atMs) => networkModel.deviceTime(party, round, atMs).msPerRound,
      energy: (party) => (party === 'coordinator' ? null : energyOf(scenario.energy ?? [], party)),
      objective: options.objective,
      released: (round) => options.released?.(round),
      privacy: options.privacy,
    };
  }

  /** The party with this id, created at first use. Its initial state shares nothing with others. */
  party(id: PartyId): Party {
    let party = this.parties.get(id);
    if (!party) {
      party = this.made(id);
      this.parties.set(id, party);
    }
    return party;
  }

  private made(id: PartyId): Party {
    const known = id === 'coordinator' ? null : this.resting.take(id);
    if (known) return new Party(id, this.services, known);
    const { setup } = this;
    return Party.begin(id, this.services, {
      ...setup,
      // Copied only for a half that looks: most clients keep no parameters.
      get initialParams() {
        return setup.initialParams.slice() as Vector;
      },
      rng: this.host.initStream(id),
    });
  }

  /** The party with this id where it has taken part, and not been let go. */
  partyAtHand(id: PartyId): Party | undefined {
    return this.parties.get(id);
  }

  /** The client's round is over. Where many are known, one that keeps its clock alone is let go: a large run never sees most of them again. */
  rest(client: ClientIndex): void {
    if (this.parties.size <= KEPT_PARTIES) return;
    const party = this.parties.get(client);
    if (party && this.resting.add(client, party.record)) this.parties.delete(client);
  }

  /** Of a party that has taken part in this process, as its last round left it; else null. */
  recordOf(id: PartyId): PartyRecord | null {
    return this.parties.get(id)?.record ?? (id === 'coordinator' ? null : this.resting.record(id));
  }

  /** Clients that have taken part in this process, ascending. */
  clientsSeen(): readonly ClientIndex[] {
    const clients = [...this.resting];
    for (const party of this.parties.keys()) if (party !== 'coordinator') clients.push(party);
    return clients.sort((a, b) => a - b);
  }

  restore(id: PartyId, record: PartyRecord): void {
    const present = presentRecord(record, this.host.halfOf(id));
    if (id !== 'coordinator') this.resting.take(id);
    this.parties.set(id, new Party(id, this.services, present));
    if (id !== 'coordinator') this.rest(id);
  }

  /** The party restarts with the record of `init`. Only its clock continues. */
  forget(id: PartyId): void {
    const before = this.recordOf(id);
    if (!before) return;
    this.parties.delete(id);
    if (id !== 'coordinator') this.resting.take(id);
    this.restore(id, { ...this.party(id).record, clockMs: before.clockMs });
  }

  /** Makes the party local, so that frames for it are accepted before its first round. */
  register(id: PartyId): void {
    this.office.register(id);
  }

  /** The same of all clients of the run. */
  registerAll(): void {
    this.office.registerAll(this.host.clientCount);
  }

  /** Bytes that this process's parties sent since the last call. */
  takeBytes(): ByteCounts {
    const now = this.dispatch.bytes;
    const fresh = noBytes();
    for (const direction of ['up', 'down', 'peer'] as const)
      for (const what of ['raw', 'payload', 'wire'] as const) {
        fresh[direction][what] = now[direction][what] - this.counted[direction][what];
        this.counted[direction][what] = now[direction][what];
      }
    return fresh;
  }
}

function deadlineRule(scenario: Scenario): DeadlineRule {
  const { quorum, deadlineMs, first } = scenario.participation;
  return {
    deadlineMs,
    wallClock: scenario.clock === 'wall',
    quorum: (expected) => quorumCount(quorum, expected),
    // Records of older versions have none.
    first: first ?? null,
  };
}

/** Fewest clients, of `expected`, whose messages a round needs. */
export function quorumCount(quorum: Scenario['participation']['quorum'], expected: number): number {
  if (quorum === null) return 0;
  return 'count' in quorum ? quorum.count : Math.ceil(quorum.fraction * expected);
}

function inboxRulesOf({ aggregators, networkModel }: RunSiteOptions, streams: Rng): InboxRules | null {
  const chains = aggregators ?? new Map<string, AggregationChain>();
  if (chains.size === 0 && networkModel.attacks.length === 0) return null;
  return new InboxRules(networkModel.attacks, chains, ({ receiver, round, layout, step }) =>
    streams.derive('aggregator', layout.name, receiver, round, step),
  );
}
