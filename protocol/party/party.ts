import { GradswarmError } from '../errors.js';
import type { ClientIndex, PartyId, Privacy, Setup } from '../method.js';
import type { LedgerEntry } from '../privacy/accounting/ledger-entry.js';
import type { RoundPlan } from '../wire/seal.js';
import { type ByteCounts, type Dispatch, noBytes } from './dispatch.js';
import { energyMeasures } from './energy.js';
import type { InboxMemory } from './inbox-rules.js';
import type { RoundMailbox } from './mailbox.js';
import type { MessageCoding } from './message-coding.js';
import type { Missed } from './message-journal.js';
import type { PartyReport } from './party-report.js';
import type { PartyServices } from './party-services.js';
import { Probing } from './probing.js';
import type { PartyRecord } from './record.js';
import { PartyRound } from './round.js';
import type { Attempt } from './round-host.js';
import { secondDraw } from './second-draw.js';
import type { TaskDesk } from './task-desk.js';
import { TaskStep } from './task-step.js';

/** A record that waits for the round's end, and what is needed to finish it then. */
interface Pending {
  readonly record: PartyRecord;
  /** By kind and step; they join the record's memories. */
  readonly inboxMemories: Readonly<Record<string, InboxMemory>>;
  readonly coding: MessageCoding;
  /** Clients whose messages this party did not use: their rounds are void. */
  readonly unused: readonly PartyId[];
  readonly absent: ReadonlySet<PartyId>;
}

/**
 * One party: its record, and the record that the running attempt would leave. A round is a transaction: `commit` makes the
 * pending record the record, `abandon` forgets it.
 */
export class Party {
  private pending: Pending | null = null;

  constructor(
    readonly id: PartyId,
    private readonly services: PartyServices,
    private kept: PartyRecord,
  ) {
    services.office.register(id);
  }

  static begin(id: PartyId, services: PartyServices, setup: Setup<unknown>): Party {
    const state = services.host.halfOf(id).init(setup);
    return new Party(id, services, { state, memories: {}, clockMs: 0, undelivered: [] });
  }

  get record(): PartyRecord {
    return this.kept;
  }

  async run(plan: RoundPlan): Promise<PartyReport> {
    const { host, office, dispatch } = this.services;
    const mailbox = office.open(this.id, plan.index, plan.attempt);
    for (const { from, why } of plan.absent) mailbox.rule(from, why);
    const coding = this.services.coding(this.id, this.kept);
    mailbox.keepsRead = this.id !== 'coordinator' && coding.measuresIn(plan.index);
    const ledger: LedgerEntry[] = [];
    // One for the attempt: it numbers its releases, and two of the same number would share their noise.
    let privacy: Privacy | undefined;
    const { probes } = this.services;
    const probing =
      this.id === 'coordinator' && probes.length > 0
        ? new Probing(probes, this.kept.probes, host.halfOf(this.id).estimates?.(this.kept.state as object)[0])
        : null;
    const sent = plan.task ? noBytes() : null;
    const { returned } = plan;
    const clockMs = Math.max(this.kept.clockMs, returned?.clients.includes(this.id as ClientIndex) ? returned.atMs : 0);
    const atMs = plan.ready ? plan.startMs : Math.max(clockMs, plan.startMs);
    const msPerRound = this.services.msPerRound(this.id, plan.index, atMs);
    const round = new PartyRound({
      party: this.id,
      host,
      plan,
      mailbox,
      dispatch: sent ? countedIn(dispatch, sent) : dispatch,
      tools: {
        coding,
        events: host,
        // Two tasks of one client may begin with the same model.
        stream: plan.task
          ? () => host.streamOf(this.id, plan.index).derive('task', plan.attempt)
          : () => host.streamOf(this.id, plan.index),
        objective: (at) => this.services.objective(this.id, at),
        privacy: () => {
          if (plan.task) throw releasesOfTasks();
          return (privacy ??= this.services.privacy(this.id, plan, ledger));
        },
        memories: this.kept.memories,
        undelivered: this.kept.undelivered,
        // Averaging is not a gradient's work: in a meeting the device's time comes with the next gradient.
        msPerRound: plan.ready ? 0 : msPerRound,
        ...(this.services.now && { now: this.services.now }),
        ...(probing && { received: (kind, message) => probing.received(kind, message) }),
      },
      clockMs,
    });
    const startedMs = round.clockMs;
    dispatch.begin(this.id, startedMs);
    try {
      // biome-ignore lint/suspicious/noExplicitAny: the round serves both sides; the method's own types are narrower.
      const state = await host.halfOf(this.id).round(this.kept.state as any, round as any);
      // A half stopped during its computation has no result: the round continued without it.
      if (mailbox.revoked) throw new GradswarmError('ERR_STOPPED', `round ${plan.index}: the attempt was abandoned`);
      if (plan.ready && round.isReady) round.clockMs += msPerRound;
      if (!coding.measured.isEmpty) await this.adjustLevels(plan, mailbox, round, coding);
      const use = this.services.energy(this.id);
      if (use) round.measures.push(...energyMeasures(use, { startedMs, ...round.work }));
      const probed = probing?.finish((name, value) => round.measure(name, value));
      this.pending = {
        record: {
          state,
          memories: coding.memories,
          clockMs: round.clockMs,
          undelivered: [],
          ...(probed && { probes: probed }),
        },
        inboxMemories: round.inboxMemories,
        coding,
        unused: [...round.unused],
        absent: plan.absent.length === 0 ? NONE : new Set(plan.absent.map(({ from }) => from)),
      };
    } catch (error) {
      throw this.explained(error, plan);
    } finally {
      this.services.released(round);
      office.close(mailbox);
      if (!mailbox.revoked)
        office.seal(
          { round: plan.index, attempt: plan.attempt, from: this.id, counts: round.postCounts },
          host.sealReceivers(this.id, plan),
        );
    }
    return {
      party: this.id,
      clockMs: round.clockMs,
      measures: round.measures,
      unusedMessages: round.unusedMessages,
      unused: [...round.unused].sort((a, b) => a - b),
      ...(this.id === 'coordinator' && { inbox: { ...round.inbox } }),
      ...(probing && { probed: probing.clientFigures }),
      ledger,
      coding: coding.costs,
      ...(sent && { sent }),
      ...(round.times && { times: round.times }),
      ...(plan.ready && { metMs: round.readMs }),
    };
  }

  /** The coordinator's half over one server step: it reads arrivals at the desk instead of a mailbox. */
  async step(plan: RoundPlan, desk: TaskDesk): Promise<PartyReport> {
    const { host, dispatch } = this.services;
    const coding = this.services.coding(this.id, this.kept);
    const step = new TaskStep({
      host,
      plan,
      desk,
      dispatch,
      coding,
      memories: this.kept.memories,
      clockMs: this.kept.clockMs,
    });
    try {
      // biome-ignore lint/suspicious/noExplicitAny: as in `run`.
      const state = await host.halfOf(this.id).round(this.kept.state as any, step as any);
      const record = { state, memories: coding.memories, clockMs: step.clockMs, undelivered: [] };
      this.pending = { record, inboxMemories: step.inboxMemories, coding, unused: [], absent: NONE };
    } catch (error) {
      throw this.explained(error, plan);
    }
    const { clockMs, measures, unusedMessages, sent } = step;
    return {
      party: this.id,
      clockMs,
      measures,
      unusedMessages,
      unused: [],
      ledger: [],
      coding: coding.costs,
      sent,
      inbox: { ...step.inbox },
    };
  }

  /** Codecs that choose their level by the variance of what was sent compare it with a second draw. */
  private async adjustLevels(
    plan: RoundPlan,
    mailbox: RoundMailbox,
    round: PartyRound,
    coding: MessageCoding,
  ): Promise<void> {
    const again = await secondDraw(this.services, {
      party: this.id,
      record: this.kept,
      plan,
      mailbox,
      clockMs: round.clockMs,
    });
    for (const [kind, level] of coding.adjustLevels(again.coding)) round.measure(`codecLevel.${kind}`, level);
    round.clockMs = again.clockMs;
  }

  /** `undelivered`: which of its posts to peers were not used. `missed`: the same of posts to the cohort. */
  commit(undelivered: PartyRecord['undelivered'], missed: Missed = () => false): void {
    if (!this.pending) return;
    const { record, coding, unused, absent, inboxMemories } = this.pending;
    const gone =
      undelivered.length === 0
        ? NONE_UNDELIVERED
        : new Set(undelivered.map(({ kind, step, to }) => `${kind} ${step} ${to}`));
    const memories = coding.settled(
      (kind, step, to) => absent.has(to) || gone.has(`${kind} ${step} ${to}`) || missed(kind, step, to),
      unused,
    );
    const kept = Object.keys(inboxMemories).length > 0 ? { ...memories, ...inboxMemories } : memories;
    this.kept = { ...record, memories: kept, undelivered };
    this.pending = null;
  }

  /** Its message was not used: only the clock advances, since the time was spent. `undone`: nothing of the attempt counts, not even its time. */
  abandon(undone = false): void {
    if (this.pending && !undone) this.kept = { ...this.kept, clockMs: this.pending.record.clockMs };
    this.pending = null;
  }

  private explained(error: unknown, plan: RoundPlan): Error {
    if (error instanceof GradswarmError) return error;
    const who = this.id === 'coordinator' ? 'the coordinator half' : `client ${this.id}`;
    const what = error instanceof Error ? error.message : String(error);
    return new GradswarmError(
      'ERR_HALF_FAILED',
      `round ${plan.index}: ${who} of '${this.services.host.method.name}' threw: ${what}`,
      { cause: error },
    );
  }
}

const NONE: ReadonlySet<PartyId> = new Set();
const NONE_UNDELIVERED: ReadonlySet<string> = new Set();

function countedIn(dispatch: Dispatch, sent: ByteCounts): Attempt['dispatch'] {
  return {
    send: (round, layout, frame) => dispatch.send(round, layout, frame, sent),
    deadline: (party) => dispatch.deadline(party),
    lostSentMs: (party) => dispatch.lostSentMs(party),
  };
}

/** Which releases are under way when a run ends would have to be charged: no accountant here does that. */
function releasesOfTasks(): GradswarmError {
  return new GradswarmError('ERR_PRIVACY', 'expected a method of rounds: releases of tasks are not accounted');
}
