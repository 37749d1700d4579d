import { causeOf, GradswarmError, MessageRefused } from '../../protocol/errors.js';
import type { ClientIndex, PartyId, ReadonlyVector } from '../../protocol/method.js';
import { addCodingCosts, noCodingCosts } from '../../protocol/party/coding-cost.js';
import type { CrewReport } from '../../protocol/party/crew.js';
import { addBytes, noBytes } from '../../protocol/party/dispatch.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import { decodeRecord, encodeRecord } from '../../protocol/party/record.js';
import { attemptsOfLedger } from '../../protocol/privacy/accounting/attempts.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import { EpochAbandoned, WorkersLost } from '../members/workers-lost.js';
import type { MetricsRow } from '../run-directory/metrics.js';
import { Batteries } from './batteries.js';
import { betterRound } from './best-round.js';
import { ChangedClients } from './changed-clients.js';
import { CheckpointPace } from './checkpoint-pace.js';
import { ownColumns } from './client-columns.js';
import { clientFigures, measuredRows } from './client-evaluation.js';
import { inclusionProbability, invitedTo } from './cohort.js';
import { edgeClocks, isWithoutUpdate } from './empty-round.js';
import { evaluateRound, isEvaluated, modelOf } from './evaluation.js';
import { outlookOf } from './expected-releases.js';
import { IdleTime } from './idle-time.js';
import { estimatesBehind, iterateAverage } from './iterate-average.js';
import { LostClients } from './lost-clients.js';
import { type Meetings, meetingsOf } from './meetings.js';
import { checkQuorum } from './quorum.js';
import { ReleaseRecord } from './release-record.js';
import { Returns } from './returns.js';
import { codecColumns, measureColumns } from './round-columns.js';
import { timesOf } from './round-times.js';
import type { RunLoopOptions, RunResult } from './run-loop-options.js';
import type { BestRound, CarriedState } from './run-observer.js';
import { byAddress, missedBy, settlementOf } from './settlement.js';
import { isStop, whenStopped } from './stop-signal.js';

/** When the user stops the run, workers that send nothing for this long are not waited for. */
const STOP_QUIET_MS = 500;

/** Rounds, one after the other: invite, run, settle, evaluate, write down. */
export class RunLoop {
  private round = 0;
  private simulatedMs = 0;
  private withoutUpdate = 0;
  private wallBeforeMs = 0;
  private startedMs = 0;
  private readonly releases: ReleaseRecord;
  private firedBefore: readonly number[] = [];
  private best: BestRound | null = null;
  /** Why the run ends before its last round. */
  private endedBy: string | null = null;
  private readonly lost: LostClients;
  private readonly batteries: Batteries;
  private readonly idle: IdleTime;
  private readonly returns: Returns;
  private readonly average: ReturnType<typeof iterateAverage>;
  private readonly meetings: Meetings | null;
  private readonly changed: ChangedClients;
  private readonly bytes = noBytes();
  /** As of the last round that was ended. */
  private fired: readonly number[] = [];

  constructor(private readonly options: RunLoopOptions) {
    this.lost = new LostClients(options, () => this.round);
    this.releases = new ReleaseRecord(options);
    this.batteries = new Batteries(options.scenario);
    this.returns = new Returns(!options.site.host.method.coordinator);
    this.idle = new IdleTime(options.scenario, this.batteries, options.site.host);
    this.average = iterateAverage(options.scenario);
    this.meetings = meetingsOf(options);
    this.changed = new ChangedClients(options.scenario);
  }

  /** Goes back to a checkpoint. Records: of every party that had one. */
  async restore(round: number, records: ReadonlyMap<PartyId, Uint8Array>, carried: CarriedState): Promise<void> {
    this.round = round;
    this.simulatedMs = carried.simulatedMs;
    this.wallBeforeMs = carried.wallMs;
    this.firedBefore = carried.faultsFired;
    this.withoutUpdate = carried.withoutUpdate ?? 0;
    this.best = carried.best ?? null;
    if (carried.bytes) addBytes(this.bytes, carried.bytes);
    if (carried.batteries) this.batteries.restore(carried.batteries);
    if (carried.average) this.average?.restore(carried.average);
    if (carried.meetings) this.meetings?.restore(carried.meetings);
    this.lost.restore(carried.lostClients);
    this.returns.restore(carried.away);
    const clients = new Map<ClientIndex, Uint8Array>();
    for (const [party, bytes] of records) {
      if (party === 'coordinator') this.options.site.restore(party, decodeRecord(party, bytes));
      // Clients that were lost do not return with their last known state.
      else if (!this.lost.clients.has(party)) clients.set(party, bytes);
    }
    this.restoreLedger(carried.ledger, carried.attempts);
    await this.lost.answered(() => this.options.crew.restore(clients));
  }

  /**
   * Releases of earlier processes of this run, those after the last checkpoint included: a round that is done again with
   * fresh noise has released twice. `attempts`: left out: the run did not record them.
   */
  restoreLedger(entries: readonly LedgerEntry[], attempts = attemptsOfLedger(entries, this.round)): void {
    this.releases.restore(entries, attempts);
  }

  async run(): Promise<RunResult> {
    const { scenario, crew, signal, now } = this.options;
    this.startedMs = now();
    const pace = new CheckpointPace(scenario.checkpoints, now);
    let stopped: RunResult['stopped'] = 'finished';
    while (this.round < scenario.rounds) {
      await this.options.pause?.();
      if (signal.aborted) stopped = 'stopped';
      else stopped = await this.oneRound();
      if (stopped === 'finished' && this.endedBy !== null && this.round < scenario.rounds) stopped = 'early';
      if (stopped === 'early') this.releases.abandon(this.round);
      if (stopped !== 'finished') break;
      if (this.round < scenario.rounds && pace.isDue(this.round)) await pace.timed(() => this.checkpoint());
    }
    if (stopped === 'stopped') {
      if (scenario.checkpoints.everyRounds !== null) await this.lastCheckpoint();
      return { ...this.figures(pace), stopped, records: new Map(), estimates: [], model: [] };
    }
    const records = (await this.lost.answered(() => crew.records('all'))) as Map<PartyId, Uint8Array>;
    for (const client of this.lost.clients) records.delete(client);
    const own = this.ownRecord();
    if (own) records.set('coordinator', own);
    const estimates = await this.estimatesByParty();
    return {
      ...this.figures(pace),
      stopped,
      records,
      estimates: [...estimates.values()].flat(),
      model: modelOf(estimates),
    };
  }

  private figures(pace: CheckpointPace): Omit<RunResult, 'stopped' | 'records' | 'estimates' | 'model'> {
    return {
      why: this.endedBy,
      best: this.best,
      lostClients: [...this.lost.clients].sort((a, b) => a - b),
      roundsDone: this.round,
      bytes: this.bytes,
      faultsFired: this.faultsFired(),
      withoutUpdate: this.withoutUpdate,
      simulatedMs: this.simulatedMs,
      wallMs: this.wallMs(),
      checkpoints: pace.cost,
    };
  }

  /**
   * 'budget', and nothing done, when the round's releases would have passed a limit of epsilon; 'stopped' when the user did
   * not wait for the round: all parties are then as the round before left them.
   */
  private async oneRound(): Promise<RunResult['stopped']> {
    const { scenario, site, observer } = this.options;
    const first = this.options.firstAttempt?.(this.round) ?? this.releases.firstAttempt(this.round);
    const spent = (attempt: number) => {
      this.releases.abandon(this.round, attempt);
      return 'budget' as const;
    };
    for (let attempt = first; ; attempt++) {
      const meeting = this.meetings?.plan(this.round, attempt, this.simulatedMs);
      // Keyed cohorts are the same at each attempt. Private coins are drawn again: two releases of one sample would not
      // compose as two samples do.
      const cohort = meeting?.cohort ?? invitedTo(this.round, scenario, site);
      const outlook = outlookOf(this.options, { round: this.round, attempt, cohort });
      if (outlook.isSpent) return spent(attempt);
      const plan = meeting ?? this.plan(cohort, attempt);
      this.releases.begin(plan, outlook);
      try {
        await this.attempt(plan);
        return 'finished';
      } catch (error) {
        if (this.options.signal.aborted && isStop(error)) return 'stopped';
        if (error instanceof EpochAbandoned) throw error;
        this.settle(plan, [], true);
        if (error instanceof GradswarmError && error.code === 'ERR_BUDGET') return spent(attempt + 1);
        if (!(error instanceof WorkersLost)) throw error;
        this.lost.add(error.clients);
        observer.abandoned(this.round + 1, attempt, error.message);
      }
    }
  }

  private plan(cohort: readonly ClientIndex[], attempt: number): RoundPlan {
    const { scenario, scriptedAbsences, forgotten } = this.options;
    const absent = [...scriptedAbsences(this.round, cohort, this.simulatedMs)];
    for (const client of cohort)
      if (
        (this.lost.clients.has(client) || this.batteries.isEmpty(client)) &&
        !absent.some(({ from }) => from === client)
      )
        absent.push({ from: client, why: 'crashed' });
    return {
      index: this.round,
      attempt,
      cohort,
      absent: absent.sort((a, b) => a.from - b.from),
      forgotten: forgotten(this.round),
      inclusion: inclusionProbability(scenario.participation, scenario.clients),
      startMs: this.options.site.host.method.coordinator ? this.simulatedMs : 0,
      ...this.returns.of({ cohort, absent }, this.simulatedMs),
    };
  }

  private async attempt(plan: RoundPlan): Promise<void> {
    const { site, crew } = this.options;
    const coordinator = site.host.method.coordinator ? site.party('coordinator') : null;
    // When one side fails the other must not be left waiting for it.
    let failure: unknown = null;
    const stop = (error: unknown): void => {
      failure = causeOf(failure, error);
      site.office.revokeAll(plan, new GradswarmError('ERR_STOPPED', `round ${plan.index}: attempt aborted`));
    };
    const { now, observer } = this.options;
    const beganMs = now();
    let roundMs = 0;
    const undo = whenStopped(this.options.signal, (error) => {
      stop(error);
      crew.abort(plan);
    });
    const clients = crew.begin(plan, stop).catch((error: unknown) => {
      stop(error);
      return null;
    });
    const own = coordinator
      ? coordinator.run(plan).then(
          (done) => {
            roundMs = now() - beganMs;
            crew.conclude(plan, done.unused);
            return done;
          },
          (error: unknown) => {
            // A worker that sent what no half can use is lost, and not the run.
            if (error instanceof MessageRefused && crew.refuse?.(error.from, error.message)) return null;
            stop(error);
            crew.abort(plan);
            return null;
          },
        )
      : Promise.resolve(null);
    const [report, ownReport] = await Promise.all([clients, own]);
    undo();
    if (failure) throw failure;
    checkQuorum(this.options.scenario, plan, ownReport);
    if (ownReport && crew.trips) observer.times?.(plan.index + 1, timesOf(roundMs, crew.trips(plan), report!.parties));
    await this.conclude(plan, report!, ownReport);
  }

  private async conclude(plan: RoundPlan, report: CrewReport, own: PartyReport | null): Promise<void> {
    const { site, observer, scenario, inspect } = this.options;
    const absences = [...site.host.takeAbsences(), ...report.absences].sort(byAddress);
    this.settle(plan, [...report.parties, ...(own ? [own] : [])], false);
    this.changed.add(plan.cohort, plan.forgotten);
    const bytes = site.takeBytes();
    addBytes(bytes, report.bytes);
    addBytes(this.bytes, bytes);
    const meeting = this.meetings?.held(plan, report.parties);
    const clocks = meeting ?? (own ? [own.clockMs] : report.parties.map(({ clockMs }) => clockMs));
    const empty = isWithoutUpdate(plan, own, absences, bytes, site.host.edgeServers);
    if (empty) {
      this.withoutUpdate++;
      if (own?.inbox) clocks.push(site.dispatch.waitsInVainUntil(own.inbox));
      clocks.push(...edgeClocks(report.parties, site.host.edgeServers), this.idle.until(plan, this.simulatedMs));
      this.meetings?.waited(plan, clocks);
    }
    for (const clock of clocks) if (clock > this.simulatedMs) this.simulatedMs = clock;
    this.returns.done(plan);
    this.round++;
    this.fired = this.options.faultsFired();
    const coding = noCodingCosts();
    const parties = [...(own ? [own] : []), ...report.parties];
    for (const party of parties) addCodingCosts(coding, party.coding);
    const extra: Record<string, number> = { ...measureColumns(report.parties, own), ...codecColumns(bytes, coding) };
    Object.assign(extra, this.releases.add(plan, parties));
    Object.assign(extra, this.batteries.charge(report.parties, this.simulatedMs));
    const due = isEvaluated(scenario, this.round);
    if (this.average) this.average.add(await this.estimatesByParty());
    const evaluation = due ? await evaluateRound(this.options, await this.estimatesByParty(), this.average) : null;
    if (evaluation) Object.assign(extra, evaluation.extra);
    if (scenario.evaluation.perClient || scenario.energy)
      Object.assign(extra, await this.evaluateClients(due, parties));
    if (inspect) Object.assign(extra, await inspect(this.round, [...(await this.estimatesByParty()).values()].flat()));
    const row: MetricsRow = {
      round: this.round,
      loss: evaluation?.loss ?? null,
      accuracy: evaluation?.accuracy ?? null,
      bytesUp: bytes.up.wire,
      bytesDown: bytes.down.wire,
      bytesPeer: bytes.peer.wire,
      simulatedMs: this.simulatedMs,
      wallMs: this.wallMs(),
      extra,
    };
    const better = betterRound(scenario.keepBest, row, this.best);
    if (better !== null) {
      const estimates = estimatesBehind(scenario.keepBest!.of, this.average, await this.estimatesByParty());
      this.best = { ...better, model: modelOf(estimates) };
    }
    this.endedBy = this.options.stop?.(row) ?? null;
    const draws = site.host.halves.coordinator?.draws?.(site.party('coordinator').record.state as object);
    if (draws) observer.draws?.(draws);
    const lost = plan.absent.filter(({ from }) => this.lost.clients.has(from));
    const entry = { round: this.round, attempt: plan.attempt, cohort: plan.cohort, absences };
    const delivery = lost.length > 0 ? { ...entry, lost: lost.map(({ from }) => from) } : entry;
    observer.round(row, delivery, { ...report, empty });
  }

  /** Columns over all clients; each client's rows go to the observer. */
  private async evaluateClients(due: boolean, parties: readonly PartyReport[]): Promise<Record<string, number>> {
    const { site, crew, observer } = this.options;
    const { perClient } = this.options.scenario.evaluation;
    const measured = measuredRows(parties);
    const asked = due && perClient != null;
    const asks = asked && site.host.halves.client.estimates !== undefined;
    const own = asks ? await this.lost.answered(() => crew.estimates()) : new Map();
    const { rows, columns } = asked
      ? await clientFigures(this.options, own, this.lost.clients, this.round - 1)
      : { rows: [], columns: {} };
    observer.clients?.(this.round, [...rows, ...measured]);
    return { ...columns, ...ownColumns([...rows, ...measured], perClient?.figures ?? []) };
  }

  private settle(plan: RoundPlan, reports: readonly PartyReport[], abandoned: boolean): void {
    const { site, crew } = this.options;
    const settlement = settlementOf(plan, reports, abandoned);
    const coordinator = site.partyAtHand('coordinator');
    if (abandoned) {
      coordinator?.abandon(true);
      site.takeBytes();
      site.host.takeAbsences();
    } else coordinator?.commit([], missedBy(settlement, reports));
    crew.settle(settlement, plan.cohort);
  }

  /** Of a run that is stopped: workers that still compute are not waited for, and the checkpoint before stays the newest. */
  private async lastCheckpoint(): Promise<void> {
    try {
      await this.checkpoint(STOP_QUIET_MS);
    } catch (error) {
      if (!isStop(error)) throw error;
    }
  }

  private async checkpoint(quietMs?: number): Promise<void> {
    const { crew, observer } = this.options;
    observer.writing?.(true);
    try {
      const changed = this.changed.ascending;
      const records = (await this.lost.answered(() => crew.records(changed, quietMs))) as Map<PartyId, Uint8Array>;
      const own = this.ownRecord();
      if (own) records.set('coordinator', own);
      this.changed.clear();
      observer.checkpoint(this.round, records, {
        simulatedMs: this.simulatedMs,
        wallMs: this.wallMs(),
        ledger: [...this.releases.entries],
        lostClients: [...this.lost.clients],
        bytes: structuredClone(this.bytes),
        faultsFired: this.faultsFired(),
        withoutUpdate: this.withoutUpdate,
        ...(this.best && { best: this.best }),
        ...(this.batteries.state && { batteries: this.batteries.state }),
        ...this.returns.state,
        ...(this.average && { average: this.average.state }),
        ...(this.meetings && { meetings: this.meetings.state }),
      });
    } finally {
      observer.writing?.(false);
    }
  }

  private faultsFired(): readonly number[] {
    return this.options.faultsFired().map((_, rule) => (this.fired[rule] ?? 0) + (this.firedBefore[rule] ?? 0));
  }

  private ownRecord(): Uint8Array | null {
    const { site } = this.options;
    return site.host.method.coordinator ? encodeRecord('coordinator', site.party('coordinator').record) : null;
  }

  private async estimatesByParty(): Promise<ReadonlyMap<PartyId, readonly ReadonlyVector[]>> {
    const { site, crew } = this.options;
    const { coordinator } = site.host.halves;
    if (coordinator?.estimates) {
      const { state } = site.party('coordinator').record;
      return new Map([['coordinator', coordinator.estimates(state as object)]]);
    }
    return this.lost.answered(() => crew.estimates());
  }

  private wallMs(): number {
    return this.wallBeforeMs + this.options.now() - this.startedMs;
  }
}
