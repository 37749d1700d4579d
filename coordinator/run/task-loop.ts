import { MessageRefused } from '../../protocol/errors.js';
import { createNetwork } from '../../protocol/links/network.js';
import { allClients, type ClientIndex, type PartyId, type ReadonlyVector } from '../../protocol/method.js';
import { addCodingCosts, noCodingCosts } from '../../protocol/party/coding-cost.js';
import { addBytes, noBytes } from '../../protocol/party/dispatch.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import { decodeRecord, encodeRecord } from '../../protocol/party/record.js';
import { type Agenda, checkTaskKinds, type Outcome, TaskDesk } from '../../protocol/party/task-desk.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import { betterRound } from './best-round.js';
import { ChangedClients } from './changed-clients.js';
import { CheckpointPace } from './checkpoint-pace.js';
import { ownColumns } from './client-columns.js';
import { clientFigures, measuredRows } from './client-evaluation.js';
import { evaluateRound, isEvaluated, modelOf } from './evaluation.js';
import { estimatesBehind, iterateAverage } from './iterate-average.js';
import { codecColumns, measureColumns } from './round-columns.js';
import type { RunLoopOptions, RunResult } from './run-loop-options.js';
import type { BestRound, CarriedState } from './run-observer.js';
import { byAddress } from './settlement.js';
import { isStop, whenStopped } from './stop-signal.js';

/** Server steps, one after the other, of a method whose clients work on tasks that span them. */
export class TaskLoop {
  private readonly desk: TaskDesk;
  private step = 0;
  private simulatedMs = 0;
  private wallBeforeMs = 0;
  private startedMs = 0;
  private withoutUpdate = 0;
  private best: BestRound | null = null;
  private agenda: Agenda | null = null;
  private firedBefore: readonly number[] = [];
  /** Firings of tasks that were done again: those of the checkpoint hold them already. */
  private firedAgain: readonly number[] = [];
  private readonly average: ReturnType<typeof iterateAverage>;
  private readonly changed: ChangedClients;
  private readonly bytes = noBytes();
  private readonly nextChangeMs: (atMs: number) => number;
  private away = { step: -1, clients: new Set<ClientIndex>() };

  constructor(private readonly options: RunLoopOptions) {
    const { site, crew, scenario, scriptedAbsences } = options;
    this.changed = new ChangedClients(scenario);
    const layouts = [...site.host.layouts.values()];
    checkTaskKinds(layouts.map(({ kind }) => kind));
    const { cohort } = scenario.participation;
    // One that counts no firings: the bound on a task's time is asked for beside the task itself.
    const { deviceTime, nextChangeMs } = createNetwork(scenario);
    this.nextChangeMs = nextChangeMs;
    this.desk = new TaskDesk({
      clientCount: scenario.clients,
      places: cohort === 'all' ? scenario.clients : cohort,
      answerKind: layouts.find(({ kind }) => kind.from === 'clients')!.index,
      shared: (step) => site.host.sharedStream(step),
      away: (client, step) => {
        // Asked once for a step: every question counts as a firing of its rule.
        if (this.away.step !== step) {
          const absent = scriptedAbsences(step, allClients(scenario.clients), this.simulatedMs);
          this.away = { step, clients: new Set(absent.map(({ from }) => from)) };
        }
        return this.away.clients.has(client);
      },
      floorMs: (client, step, startMs) => deviceTime(client, step, startMs).msPerRound,
      start: (plan) => crew.startTask(plan),
      settle: (settlement, clients) => {
        this.changed.add(clients);
        crew.settle(settlement, clients);
      },
    });
    site.office.desk = this.desk;
    this.average = iterateAverage(scenario);
  }

  async restore(step: number, records: ReadonlyMap<PartyId, Uint8Array>, carried: CarriedState): Promise<void> {
    this.step = step;
    this.simulatedMs = carried.simulatedMs;
    this.wallBeforeMs = carried.wallMs;
    this.withoutUpdate = carried.withoutUpdate ?? 0;
    this.best = carried.best ?? null;
    this.firedBefore = carried.faultsFired;
    if (carried.bytes) addBytes(this.bytes, carried.bytes);
    this.agenda = carried.agenda ?? null;
    if (carried.average) this.average?.restore(carried.average);
    const clients = new Map<ClientIndex, Uint8Array>();
    for (const [party, bytes] of records)
      if (party === 'coordinator') this.options.site.restore(party, decodeRecord(party, bytes));
      else clients.set(party, bytes);
    await this.options.crew.restore(clients);
  }

  /** Tasks release nothing. */
  restoreLedger(): void {}

  async run(): Promise<RunResult> {
    const { scenario, crew, signal, now } = this.options;
    this.startedMs = now();
    const pace = new CheckpointPace(scenario.checkpoints, now);
    let why: string | null = null;
    let stopped: RunResult['stopped'] = 'finished';
    const undo = whenStopped(signal, (error) => this.desk.fail(error));
    try {
      await this.beginAgain();
      while (this.step < scenario.rounds) {
        await this.options.pause?.();
        if (signal.aborted) {
          if (scenario.checkpoints.everyRounds !== null) await this.checkpoint();
          stopped = 'stopped';
          break;
        }
        why = await this.oneStep();
        if (why !== null && this.step < scenario.rounds) {
          stopped = 'early';
          break;
        }
        if (this.step < scenario.rounds && pace.isDue(this.step)) await pace.timed(() => this.checkpoint());
      }
      // Figures counted in worker processes are those of all tasks that began.
      if (stopped !== 'stopped') await this.desk.quiet();
    } catch (error) {
      // Stopped within a step: clients are ahead of the coordinator, so the checkpoint before stays the newest.
      if (!(signal.aborted && isStop(error))) throw error;
      stopped = 'stopped';
    } finally {
      undo();
    }
    const over = stopped === 'stopped';
    const records = over ? new Map<PartyId, Uint8Array>() : new Map<PartyId, Uint8Array>(await crew.records('all'));
    if (!over) records.set('coordinator', this.ownRecord());
    return {
      stopped,
      why: stopped === 'early' ? why : null,
      best: this.best,
      lostClients: [],
      roundsDone: this.step,
      bytes: this.bytes,
      faultsFired: this.faultsFired(),
      withoutUpdate: this.withoutUpdate,
      simulatedMs: this.simulatedMs,
      wallMs: this.wallMs(),
      checkpoints: pace.cost,
      records,
      estimates: over ? [] : this.estimates(),
      model: over ? [] : modelOf(this.estimatesByParty()),
    };
  }

  /** The tasks that were under way at the checkpoint, from what they were given. Their bytes down were counted when they were sent. */
  private async beginAgain(): Promise<void> {
    if (!this.agenda) return;
    const { site, faultsFired } = this.options;
    const layouts = [...site.host.layouts.values()].sort((a, b) => a.index - b.index);
    this.desk.restore(this.agenda, layouts, (layout, frame) =>
      site.dispatch.send({ clockMs: frame.arrivesAtMs }, layout, frame),
    );
    await this.desk.quiet();
    this.firedAgain = faultsFired();
  }

  /** Why the run ends after this step, or null. */
  private async oneStep(): Promise<string | null> {
    const coordinator = this.options.site.party('coordinator');
    const plan: RoundPlan = {
      index: this.step,
      attempt: 0,
      cohort: [],
      absent: [],
      forgotten: [],
      inclusion: 1,
      startMs: this.simulatedMs,
    };
    const outcomes: Outcome[] = [];
    this.desk.seen = (outcome) => outcomes.push(outcome);
    const own = await coordinator.step(plan, this.desk).catch((error: unknown) => this.refused(error));
    coordinator.commit([]);
    return this.conclude(own, outcomes);
  }

  /** A worker that sent what no half can use is lost, and not the run: any question to the crew then rejects with what ends this stretch. */
  private async refused(error: unknown): Promise<never> {
    const { crew } = this.options;
    if (error instanceof MessageRefused && crew.refuse?.(error.from, error.message)) await crew.records([]);
    throw error;
  }

  private async conclude(own: PartyReport, outcomes: readonly Outcome[]): Promise<string | null> {
    const { site, observer, scenario, inspect } = this.options;
    const reports = outcomes.flatMap(({ report }) => report.parties);
    const bytes = noBytes();
    const coding = noCodingCosts();
    for (const party of [own, ...reports]) {
      if (party.sent) addBytes(bytes, party.sent);
      addCodingCosts(coding, party.coding);
    }
    addBytes(this.bytes, bytes);
    this.simulatedMs = Math.max(this.simulatedMs, own.clockMs, ...outcomes.map(({ arrivesAtMs }) => arrivesAtMs));
    if (outcomes.length === 0) this.simulatedMs = this.untilOneIsBack();
    this.step++;
    const empty = own.inbox?.received === 0;
    if (empty) this.withoutUpdate++;
    const extra: Record<string, number> = { ...measureColumns(reports, own), ...codecColumns(bytes, coding) };
    const due = isEvaluated(scenario, this.step);
    const estimates = this.estimatesByParty();
    this.average?.add(estimates);
    const evaluation = due ? await evaluateRound(this.options, estimates, this.average) : null;
    if (evaluation) Object.assign(extra, evaluation.extra);
    if (scenario.evaluation.perClient || scenario.energy)
      Object.assign(extra, await this.evaluateClients(due && scenario.evaluation.perClient != null, reports));
    if (inspect) Object.assign(extra, await inspect(this.step, this.estimates()));
    const row = {
      round: this.step,
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
    if (better !== null)
      this.best = { ...better, model: modelOf(estimatesBehind(scenario.keepBest!.of, this.average, estimates)) };
    const absences = outcomes.flatMap(({ report }) => report.absences);
    absences.push(...site.host.takeAbsencesOf('coordinator'));
    const cohort = outcomes.map(({ client }) => client);
    observer.round(
      row,
      { round: this.step, attempt: 0, cohort, absences: absences.sort(byAddress) },
      { parties: reports, absences, bytes, tensorCounts: [], empty },
    );
    return this.options.stop?.(row) ?? null;
  }

  /**
   * With no task under way time would stand still, and no client that is away return: it moves on to when who is away may change.
   * Simulated ms; now where no client is away, or none comes back.
   */
  private untilOneIsBack(): number {
    const { desk, away, step, simulatedMs } = this;
    if (desk.isWorking || away.step !== step || away.clients.size === 0) return simulatedMs;
    const next = this.nextChangeMs(simulatedMs);
    return Number.isFinite(next) ? next : simulatedMs;
  }

  /** Columns over all clients; each client's rows go to the observer. */
  private async evaluateClients(due: boolean, parties: readonly PartyReport[]): Promise<Record<string, number>> {
    const { site, crew, observer, scenario } = this.options;
    const own = due && site.host.halves.client.estimates !== undefined ? await crew.estimates() : new Map();
    const { rows, columns } = due
      ? await clientFigures(this.options, own, new Set(), this.step - 1)
      : { rows: [], columns: {} };
    const all = [...rows, ...measuredRows(parties)];
    observer.clients?.(this.step, all);
    return { ...columns, ...ownColumns(all, scenario.evaluation.perClient?.figures ?? []) };
  }

  private async checkpoint(): Promise<void> {
    const { crew, observer } = this.options;
    observer.writing?.(true);
    try {
      await this.desk.quiet();
      const agenda = this.desk.agenda();
      this.changed.add(agenda.tasks.map(({ client }) => client));
      const records = new Map<PartyId, Uint8Array>(await crew.records(this.changed.ascending));
      records.set('coordinator', this.ownRecord());
      this.changed.clear();
      observer.checkpoint(this.step, records, {
        simulatedMs: this.simulatedMs,
        wallMs: this.wallMs(),
        ledger: [],
        lostClients: [],
        bytes: structuredClone(this.bytes),
        faultsFired: this.faultsFired(),
        withoutUpdate: this.withoutUpdate,
        ...(this.best && { best: this.best }),
        agenda,
        ...(this.average && { average: this.average.state }),
      });
    } finally {
      observer.writing?.(false);
    }
  }

  private faultsFired(): readonly number[] {
    const { faultsFired } = this.options;
    return faultsFired().map((count, rule) => count - (this.firedAgain[rule] ?? 0) + (this.firedBefore[rule] ?? 0));
  }

  private ownRecord(): Uint8Array {
    return encodeRecord('coordinator', this.options.site.party('coordinator').record);
  }

  private estimates(): readonly ReadonlyVector[] {
    const { site } = this.options;
    return site.host.halves.coordinator?.estimates?.(site.party('coordinator').record.state as object) ?? [];
  }

  private estimatesByParty(): ReadonlyMap<PartyId, readonly ReadonlyVector[]> {
    return new Map([['coordinator', this.estimates()]]);
  }

  private wallMs(): number {
    return this.wallBeforeMs + this.options.now() - this.startedMs;
  }
}
