import { GradswarmError } from '../errors.js';
import type { LabelShares } from '../faults/parts/acting-rule.js';
import { loadFaults } from '../faults/parts/load-fault.js';
import { type PlacedRule, placeRules } from '../faults/parts/placed-rules.js';
import type { Absence, ClientIndex, ReadonlyVector, Rng } from '../method.js';
import { rootStream } from '../numerics/random.js';
import type { Network } from '../party/dispatch.js';
import type { ActingAttack } from '../party/inbox-rules.js';
import type { ReceiveTransform, SendTransform } from '../party/message-coding.js';
import type { GradientNoise, NetworkModel } from '../party/run-site.js';
import type { Link, Scenario } from '../scenario/scenario.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import type { RoundPlan } from '../wire/seal.js';
import { deviceTimes } from './device-time.js';
import { edgeStreamOf } from './edge-stream.js';
import { linkFinder, linkTime, resendMs } from './link-time.js';

/** The network model of a scenario in one process: the effects of links and fault rules on frames, vectors and clients. */
export interface ScenarioNetwork extends NetworkModel {
  /**
   * Clients of the cohort that fault rules make absent, ascending. Only called in the coordinator's process. `atMs`: simulated time at
   * which the round begins; 0 where it is left out.
   */
  scriptedAbsences(round: number, cohort: readonly ClientIndex[], atMs?: number): RoundPlan['absent'];
  /** When a rule may change who is absent after `atMs` of simulated time, ms; Infinity: never. */
  nextChangeMs(atMs: number): number;
  /** Clients that begin the round with a new record, ascending. */
  forgotten(round: number): readonly ClientIndex[];
  /** How often each rule of `scenario.faults` acted in this process. */
  firings(): readonly number[];
  /** The same since the last call. */
  takeFirings(): readonly number[];
}

/** The network model, its faults imported. `labelShares`: for who is absent. Throws ERR_SCENARIO for a fault that does not exist. */
export async function openNetwork(scenario: Scenario, labelShares?: LabelShares): Promise<ScenarioNetwork> {
  await loadFaults(scenario.faults);
  return createNetwork(scenario, labelShares);
}

/** The same where all faults of the scenario were loaded before. */
export function createNetwork(scenario: Scenario, labelShares?: LabelShares): ScenarioNetwork {
  const streams = rootStream(scenario.seed, scenario.precision);
  const rules = placeRules(scenario.faults, streams, labelShares);
  const counts: number[] = new Array(rules.length).fill(0);
  const taken = [...counts];
  const clients = new ClientRules(rules, scenario.clients, counts);
  const slows = rules.some(({ rule }) => rule.slowdown);
  return {
    network: frameJudge(scenario, rules, counts),
    receiveTransform: receiveTransformOf(rules, streams, counts),
    sendTransform: sendTransformOf(rules, counts),
    attacks: attacksOf(rules, streams, counts),
    deviceTime: deviceTimes(
      scenario.devices,
      slows ? (client, round, atMs) => clients.slowdown(client, round, atMs) : null,
    ),
    changesData: (client, round) => clients.changesData(client, round),
    gradientNoise: (client, round) => clients.gradientNoise(client, round),
    scriptedAbsences: (round, cohort, atMs = 0) => clients.absences(round, cohort, atMs),
    nextChangeMs: (atMs) =>
      rules.reduce((next, { rule }) => Math.min(next, rule.nextChangeMs?.(atMs) ?? next), Number.POSITIVE_INFINITY),
    forgotten: (round) => clients.forgotten(round),
    firings: () => [...counts],
    takeFirings: () => {
      const fresh = counts.map((count, i) => count - taken[i]!);
      for (let i = 0; i < counts.length; i++) taken[i] = counts[i]!;
      return fresh;
    },
  };
}

/** Links and rules in front of the frames. The first verdict other than 'pass' and 'delay' is final; delays add up. */
function frameJudge(scenario: Scenario, placed: readonly PlacedRule[], counts: number[]): Network | null {
  const judges = placed.filter(({ rule }) => rule.judge);
  const narrowers = placed.filter(({ rule }) => rule.bandwidthMbps);
  const { links } = scenario;
  if (judges.length === 0 && narrowers.length === 0 && links.length === 0) return null;
  const linkOf = linkFinder(links);
  // Under the wall clock time on a link is real time, and bandwidth is the socket host's: `link-buckets.ts`.
  const virtual = scenario.clock === 'virtual';
  return {
    passage(frame, layout, bytes, streamOf) {
      const link = withBandwidth(linkOf(frame, layout), frame, narrowers, counts);
      const travelling = link && !virtual ? { ...link, bandwidthMbps: null } : link;
      let delayMs = travelling ? linkTime(travelling, bytes, () => streamOf('jitter')) : 0;
      let lost: Absence['why'] | null = null;
      let duplicated = false;
      let corruptedBit: number | null = null;
      let harmed = false;
      for (const { rule, index, purpose } of judges) {
        const verdict = rule.judge!(frame, layout, () => streamOf(purpose));
        if (verdict.do === 'pass') continue;
        counts[index]!++;
        if (verdict.do === 'delay') {
          delayMs += verdict.delayMs;
          continue;
        }
        harmed = true;
        // A reliable frame that was lost or refused is sent again; the second time it arrives.
        if (verdict.do === 'duplicate') duplicated = true;
        else if (layout.kind.losable === 'no') delayMs += resendMs(travelling, bytes);
        else if (verdict.do === 'drop') lost = 'dropped';
        else corruptedBit = verdict.bit;
        break;
      }
      if (delayMs === 0 && !harmed) return null;
      return {
        delayMs: virtual ? delayMs : 0,
        heldMs: virtual ? 0 : delayMs,
        lost,
        duplicated,
        corruptedBit,
      };
    },
  };
}

/** The link with the bandwidth of the last rule that sets one for the frame. */
function withBandwidth(
  link: Link | null,
  frame: Frame,
  narrowers: readonly PlacedRule[],
  counts: number[],
): Link | null {
  let result = link;
  for (const { rule, index } of narrowers) {
    const bandwidthMbps = rule.bandwidthMbps!(frame);
    if (bandwidthMbps === null) continue;
    counts[index]!++;
    result = { ...(result ?? NO_LINK), bandwidthMbps };
  }
  return result;
}

/** Frames arrive at once. */
const NO_LINK: Link = {
  from: 'all',
  to: 'all',
  kind: null,
  direction: 'all',
  bandwidthMbps: null,
  latencyMs: 0,
  jitterMs: 0,
  retransmitMs: null,
};

function receiveTransformOf(placed: readonly PlacedRule[], streams: Rng, counts: number[]): ReceiveTransform | null {
  const receivers = placed.filter(({ rule }) => rule.onReceive);
  if (receivers.length === 0) return null;
  return (value: ReadonlyVector, frame: Frame, layout: KindLayout, field: string, message: number) => {
    let received = value;
    for (const { rule, index, purpose } of receivers) {
      // A repeated round draws the same noise, as it draws the same batches: a replay needs the absences only.
      const own = (): Rng => edgeStreamOf(streams, { ...frame, attempt: 0 }, purpose).derive(field, message);
      const changed = rule.onReceive!(received, frame, layout, own);
      if (!changed) continue;
      counts[index]!++;
      received = changed;
    }
    return received;
  };
}

function sendTransformOf(placed: readonly PlacedRule[], counts: number[]): SendTransform | null {
  const senders = placed.filter(({ rule }) => rule.onSend);
  if (senders.length === 0) return null;
  return (value, post, streamOf) => {
    let sent = value;
    for (const { rule, index, purpose } of senders) {
      const changed = rule.onSend!(sent, post, () => streamOf(purpose));
      if (!changed) continue;
      counts[index]!++;
      sent = changed;
    }
    return sent;
  };
}

function attacksOf(placed: readonly PlacedRule[], streams: Rng, counts: number[]): readonly ActingAttack[] {
  return placed.flatMap(({ rule: { forges }, index, purpose }) =>
    forges === undefined
      ? []
      : [
          {
            attack: forges.attack,
            remembers: forges.remembers,
            ownAlone: forges.ownAlone,
            isByzantine: (sender) => forges.isByzantine(sender),
            concerns: ({ layout, round }) => layout.vectors.length > 0 && forges.concerns(layout.name, round),
            acted: () => {
              counts[index]!++;
            },
            // Without the attempt: a round that is run again is attacked in the same way.
            stream: ({ receiver, round, layout, step }) =>
              streams.derive('attack', purpose, layout.name, receiver, round, step),
          } satisfies ActingAttack,
        ],
  );
}

/** Effects of rules on whole clients. A rule counts once for each client and round, however many attempts the round takes. */
class ClientRules {
  private readonly keepers: readonly PlacedRule[];
  private readonly forgetters: readonly PlacedRule[];
  private readonly slowers: readonly PlacedRule[];
  private readonly dataRules: readonly PlacedRule[];
  private readonly perturbers: readonly PlacedRule[];
  private absencesCountedTo = -1;
  /** Last round in which a client's slowness was counted. */
  private readonly slownessCountedTo: Int32Array;
  private readonly dataCountedTo: Int32Array;
  private readonly noiseCountedTo: Int32Array;

  constructor(
    placed: readonly PlacedRule[],
    private readonly clientCount: number,
    private readonly counts: number[],
  ) {
    this.keepers = placed.filter(({ rule }) => rule.keepsAway);
    this.forgetters = placed.filter(({ rule }) => rule.forgets);
    this.slowers = placed.filter(({ rule }) => rule.slowdown);
    this.dataRules = placed.filter(({ rule }) => rule.changesData);
    this.perturbers = placed.filter(({ rule }) => rule.perturbs);
    const countedTo = (rules: readonly PlacedRule[]) => new Int32Array(rules.length > 0 ? clientCount : 0).fill(-1);
    this.slownessCountedTo = countedTo(this.slowers);
    this.dataCountedTo = countedTo(this.dataRules);
    this.noiseCountedTo = countedTo(this.perturbers);
  }

  absences(round: number, cohort: readonly ClientIndex[], atMs: number): RoundPlan['absent'] {
    if (this.keepers.length === 0) return NONE_ABSENT;
    const away = new Set<ClientIndex>();
    const counting = round > this.absencesCountedTo;
    if (counting) this.absencesCountedTo = round;
    for (const { rule, index } of this.keepers)
      for (const client of cohort) {
        if (!rule.keepsAway!(client, round, atMs)) continue;
        away.add(client);
        if (counting) this.counts[index]!++;
      }
    return [...away].sort((a, b) => a - b).map((from) => ({ from, why: 'crashed' }));
  }

  forgotten(round: number): readonly ClientIndex[] {
    if (this.forgetters.length === 0) return NO_CLIENTS;
    const forgotten: ClientIndex[] = [];
    for (let client = 0; client < this.clientCount; client++)
      if (this.forgetters.some(({ rule }) => rule.forgets!(client, round))) forgotten.push(client);
    return forgotten;
  }

  slowdown(client: ClientIndex, round: number, atMs: number): number {
    let product = 1;
    const counting = round > this.slownessCountedTo[client]!;
    if (counting) this.slownessCountedTo[client] = round;
    for (const { rule, index } of this.slowers) {
      const factor = rule.slowdown!(client, round, atMs);
      if (!(factor > 0 && factor < Infinity))
        throw new GradswarmError(
          'ERR_MODULE',
          `faults[${index}]: expected a positive factor on the time of client ${client} in round ${round}, got ${factor}`,
        );
      if (factor !== 1 && counting) this.counts[index]!++;
      product *= factor;
    }
    return product;
  }

  changesData(client: ClientIndex, round: number): boolean {
    const acting = this.dataRules.filter(({ rule }) => rule.changesData!.concerns(client, round));
    if (acting.length > 0 && round > this.dataCountedTo[client]!) {
      this.dataCountedTo[client] = round;
      for (const { index } of acting) this.counts[index]!++;
    }
    return acting.length > 0;
  }

  gradientNoise(client: ClientIndex, round: number): readonly GradientNoise[] {
    if (this.perturbers.length === 0) return NO_NOISE;
    const acting = this.perturbers.filter(({ rule }) => rule.perturbs!.concerns(client, round));
    if (acting.length > 0 && round > this.noiseCountedTo[client]!) {
      this.noiseCountedTo[client] = round;
      for (const { index } of acting) this.counts[index]!++;
    }
    return acting.map(({ rule, purpose }) => ({ purpose, perturb: rule.perturbs!.perturb }));
  }
}

const NO_NOISE: readonly GradientNoise[] = [];

const NO_CLIENTS: readonly ClientIndex[] = [];
const NONE_ABSENT: RoundPlan['absent'] = [];
