import { join } from 'node:path';
import { EpochAbandoned } from '../../coordinator/members/workers-lost.js';
import { stopping } from '../../coordinator/run/early-stopping.js';
import { openLoop } from '../../coordinator/run/open-loop.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import { archiveOf } from '../../coordinator/run-directory/archive.js';
import { explainedDiskError, isDiskError } from '../../coordinator/run-directory/disk-error.js';
import type { EventFile } from '../../coordinator/run-directory/event-file.js';
import type { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { type SessionEvent, summarizeSession } from '../../coordinator/run-directory/session-log.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { AnyMethod } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { edgeServersOf } from '../../protocol/topology/family.js';
import { printable } from '../../protocol/wire/printable.js';
import { pause } from '../../worker/pause.js';
import type { Problem } from '../../worker/problem.js';
import { recordOf } from '../plug-ins/plug-ins.js';
import type { PosteriorReport } from '../posterior/posterior-report.js';
import { announce } from './announce.js';
import { earlyWorkers } from './early-workers.js';
import type { Fleet } from './fleet.js';
import { forecastOf } from './forecast.js';
import { requireFreeAddress } from './free-address.js';
import { limitHeapGrowth } from './heap-growth.js';
import { openFleet } from './open-fleet.js';
import { Recorder } from './recorder.js';
import { BEGINNING, rollBack, type StartingPoint } from './roll-back.js';
import type { SessionOptions, SessionResult } from './session-options.js';
import { shown } from './shown.js';
import { openStudy, type Study, type StudyResult, studyResult } from './study.js';
import { traceFiles } from './trace-files.js';
import { checkSameRead, chosenFamily, type Read, whatIsRead } from './what-is-read.js';
import type { WorkerLauncher } from './worker-launcher.js';

/**
 * One run from its resolved scenario to its report. `directory`: of a run that is continued, or what makes a new one once all that the run reads
 * fits together. Throws ERR_STOPPED when the user stopped it; its results so far are in the directory.
 */
export async function runSession(
  scenario: Scenario,
  directory: RunDirectory | (() => RunDirectory),
  options: SessionOptions,
): Promise<SessionResult> {
  limitHeapGrowth(scenario);
  const launcher = await earlyWorkers(scenario, options);
  try {
    // A run that is replayed had a device of its own.
    const makeFamily = options.recorded ? undefined : chosenFamily(scenario, options);
    const read = options.read ?? (await whatIsRead(scenario, makeFamily, options.readData));
    if (options.recorded) checkSameRead(read, options.recorded, 'ERR_REPLAY', 'the recorded run');
    if (typeof directory === 'function') await requireFreeAddress(options.listen);
    const folder = typeof directory === 'function' ? directory() : directory;
    const session = begun(() => new Session(read, folder, options, launcher), folder);
    try {
      await session.open();
      await session.run();
      await session.judge();
      return await session.report();
    } catch (error) {
      throw session.broken(error);
    } finally {
      await session.close();
    }
  } finally {
    // Those of a run that was refused before its fleet had them.
    await launcher?.stop(true);
  }
}

/** A session.jsonl that cannot be read leaves the folder to other writers. */
function begun(session: () => Session, folder: RunDirectory): Session {
  try {
    return session();
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** What `judge` leaves for `report`. */
interface Judged {
  readonly record: RunRecord;
  readonly verdict: Verdict;
  readonly studied: StudyResult | null;
  readonly posterior: PosteriorReport | null;
}

const UNKNOWN: Verdict = { valid: 'unknown', expectations: [] };

/** One run in four steps: `open`, `run`, `judge`, `report`. Each needs what the one before has left here. */
class Session {
  private readonly scenario: Scenario;
  private readonly method: AnyMethod;
  private readonly problem: Problem;
  private read: Read | null;
  private fleet: Fleet | null = null;
  private study: Study | null = null;
  private forecast: readonly string[] = [];
  private from: StartingPoint;
  private result: RunResult | null = null;
  private judged: Judged | null = null;
  /** For TensorBoard. */
  private events: EventFile | null = null;
  private closing: Promise<void> | null = null;
  private epoch: number;
  private roundsDone: number;
  /** A line about the run's processes that the disk did not take: epochs are on the disk before they are used. */
  private unwritten: unknown = null;
  private readonly broke = new AbortController();
  /** Of the user's stop, and of a disk that is full. */
  private readonly signal: AbortSignal;

  constructor(
    read: Read,
    private readonly directory: RunDirectory,
    private readonly options: SessionOptions,
    private readonly launcher: WorkerLauncher | null,
  ) {
    this.read = read;
    this.scenario = read.scenario;
    this.method = read.method;
    this.problem = read.problem;
    this.signal = AbortSignal.any([options.signal, this.broke.signal]);
    this.from = options.from ?? BEGINNING;
    this.epoch = directory.nextEpoch();
    this.roundsDone = this.from.checkpoint?.round ?? 0;
  }

  /** All parties. */
  async open(): Promise<void> {
    const { scenario, options, directory } = this;
    if (options.tensorboard) {
      const { EventFile } = await import('../../coordinator/run-directory/event-file.js');
      this.events = new EventFile(join(directory.path, 'tensorboard'), Date.now());
    }
    this.recordRead(this.read!);
    for (const decision of this.problem.dataset.decisions ?? []) this.note(`data: ${printable(decision)}`);
    const fromRound = this.roundsDone;
    directory.session({ event: 'started', epoch: this.epoch, fromRound });
    this.fleet = await (options.fleet ?? openFleet)(scenario, this.method, this.problem, {
      listen: options.listen,
      ...(this.launcher && { launcher: this.launcher }),
      signal: this.signal,
      epoch: this.epoch,
      fromRound,
      archive: (checkpoints) => archiveOf(directory.path, checkpoints),
      note: (text) => this.note(text),
      seats: (table) => options.watcher?.seats?.(table),
      session: (event) => {
        if ('epoch' in event) this.epoch = Math.max(this.epoch, event.epoch);
        this.recordSession(event);
      },
    });
    const folder = shown(options.folder ?? directory.path);
    options.watcher?.start(options.label ?? scenario.name, scenario.rounds, folder, options.part);
    announce(directory, scenario, this.problem, this.fleet, options.from?.checkpoint?.round ?? null, options.watcher);
    this.forecast = await forecastOf(scenario, this.problem);
    for (const line of this.forecast) this.note(line);
  }

  /** Called by sockets, whose callers cannot catch it: the run ends with the error. */
  private recordSession(event: SessionEvent): void {
    try {
      this.directory.session(event);
    } catch (error) {
      this.unwritten ??= error;
      this.broke.abort();
    }
  }

  private recordRead({ plugIns }: Read): void {
    if (plugIns.length > 0) this.directory.updateManifest({ use: plugIns.map(recordOf) });
    const { decisions, test } = this.problem.dataset;
    const traces = traceFiles(this.scenario);
    const { topology, clients } = this.scenario;
    const edgeServers = edgeServersOf(topology, clients).length;
    const also = {
      ...(edgeServers > 0 && { edgeServers }),
      ...(test.count > 0 && { testExamples: test.count }),
      ...(decisions && { decisions }),
      ...(this.scenario.initial && { initial: this.scenario.initial }),
      ...(traces.length > 0 && { traces }),
    };
    this.directory.updateManifest({ read: this.problem.fingerprint, ...also });
  }

  /** To the last round. After the loss of a worker from the newest checkpoint again, with new parties. */
  async run(): Promise<void> {
    for (;;) {
      try {
        this.result = await this.stretch(this.fleet!);
        break;
      } catch (error) {
        if (!(error instanceof EpochAbandoned) || !this.fleet!.again) throw error;
        await this.backToCheckpoint(error);
      }
    }
    if (this.unwritten) throw this.unwritten;
    // Workers go before the report is drawn: their work is done, and drawing may take longer than they wait for a sign of life.
    await this.closeFleet(this.result.stopped === 'stopped' ? 'again' : 'finished');
  }

  private async backToCheckpoint(error: EpochAbandoned): Promise<void> {
    const fromRound = this.roundsDone;
    this.from = rollBack(this.directory, (text) => this.note(text));
    this.roundsDone = this.from.checkpoint?.round ?? 0;
    this.directory.session({ event: 'rolled-back', epoch: error.epoch, fromRound, toRound: this.roundsDone });
    const again = fromRound - this.roundsDone;
    const what = again === 0 ? '' : `; ${again} ${again === 1 ? 'round is' : 'rounds are'} done again`;
    this.note(`back to round ${this.roundsDone}, waiting for all workers${what}`);
    this.fleet = await this.fleet!.again!();
    this.note(`continues from round ${this.roundsDone}`);
  }

  private async stretch(fleet: Fleet): Promise<RunResult> {
    const { scenario, method, problem, options, from } = this;
    const rng = rootStream(scenario.seed, scenario.precision).derive('study');
    const study = this.read ? this.read.study : await openStudy({ scenario, method, problem, rng });
    // The next stretch has a study of its own.
    this.read = null;
    this.study = study;
    const loop = openLoop({
      scenario,
      site: fleet.site,
      crew: fleet.crew,
      evaluator: problem.family,
      evaluateClient: problem.evaluateClient,
      observer: new Recorder(
        this.directory,
        options.watcher,
        (what, round) => {
          if (what === 'committed') this.roundsDone = round;
          fleet.report?.(what, round);
        },
        (row) => {
          fleet.progress?.(row);
          this.events?.row(row, Date.now());
        },
      ),
      scriptedAbsences: fleet.scriptedAbsences,
      forgotten: fleet.forgotten,
      faultsFired: fleet.faultsFired,
      privacy: fleet.privacy,
      ...(study?.round ? { inspect: (round, estimates) => study.round!(round, estimates) } : {}),
      ...(options.firstAttempt && { firstAttempt: options.firstAttempt }),
      ...stopping(scenario, () => this.directory.rows(), options.endsAfter),
      signal: this.signal,
      pause,
      now: () => performance.now(),
    });
    const { checkpoint } = from;
    if (checkpoint) await loop.restore(checkpoint.round, checkpoint.parties, checkpoint.carried);
    else if (from !== BEGINNING) loop.restoreLedger(from.releasedBefore, from.attempts);
    return loop.run();
  }

  /** Verdict and manifest, before anything is drawn: drawing takes longer, and more of the disk. */
  async judge(): Promise<void> {
    const { concludePosterior, endLines, finalDigest, growthText, summaryOf, verdictOf, writeModels } = await import(
      './after-rounds.js'
    );
    const { scenario, problem, directory, options, study } = this;
    const [result, fleet] = [this.result!, this.fleet!];
    const finished = result.stopped !== 'stopped';
    const digest =
      finished && !scenario.timingOnly ? finalDigest(result, fleet.site.host.halves, (text) => this.note(text)) : null;
    const at = { t: result.simulatedMs, wallMs: result.wallMs, round: result.roundsDone };
    const point = options.point ? { point: options.point } : {};
    const first: RunRecord = {
      scenario,
      rows: directory.rows(),
      summary: {},
      faultsFired: result.faultsFired,
      stateDigest: digest ?? '',
      ...point,
    };
    const figures = summaryOf(first, result, fleet, summarizeSession(directory.sessionEvents));
    const studied = finished ? await studyResult(study, { ...first, summary: figures }, result) : null;
    for (const text of studied?.notes ?? []) this.note(text);
    const posterior = await concludePosterior(scenario, problem, directory);
    const summary = { ...figures, ...posterior?.figures, ...studied?.summary };
    const record = { ...first, summary };
    const verdict = finished ? await verdictOf(scenario, record, result) : UNKNOWN;
    directory.event(
      finished
        ? { ...at, event: 'finished', fields: { rounds: result.roundsDone, stateDigest: digest } }
        : { ...at, event: 'stopped', fields: { reason: 'by the user' } },
    );
    // Before the manifest calls the run finished: a full disk, or the end of the process, then leaves it to be resumed.
    if (studied) directory.results.writeStudy(studied);
    if (finished) for (const text of writeModels(scenario, problem, result, directory.path)) this.note(text);
    directory.results.writeVerdict(verdict);
    if (finished) directory.results.writeFigures({ summary, faultsFired: result.faultsFired, ...point });
    const privacy = fleet.privacy.result();
    directory.updateManifest({
      ...(privacy?.notPrivate ? { notPrivate: privacy.notPrivate } : {}),
      finishedAt: finished ? new Date().toISOString() : null,
      roundsDone: result.roundsDone,
      lostClients: result.lostClients,
      stateDigest: digest,
    });
    this.judged = { record, verdict, studied, posterior };
    directory.session({ event: 'ended', epoch: this.epoch, how: result.stopped });
    const grown = posterior ? null : growthText(record.rows, problem.dataset.classCount);
    if (grown) this.note(grown);
    for (const text of endLines(scenario, result, fleet.privacy)) this.note(text);
  }

  /** Draws report.html. A run that was stopped has one too; then ERR_STOPPED is thrown. */
  async report(): Promise<SessionResult> {
    const { scenario, method, problem, directory, forecast } = this;
    const [fleet, result, { record, verdict, studied, posterior }] = [this.fleet!, this.result!, this.judged!];
    const { judgeClaims } = await import('./after-rounds.js');
    const claims = await judgeClaims(scenario.claims, [record]);
    // Read when it is drawn: the first round does not wait for it.
    const draw = this.options.drawReport ?? (await import('../report/run-report.js')).writeRunReport;
    const isStopped = result.stopped === 'stopped';
    // All that has to be kept is on the disk: a report that takes long is no computation that has to be cut off.
    if (isStopped) this.options.watcher?.writing?.(true);
    const reportPath = await draw({
      scenario,
      method,
      problem,
      directory,
      verdict,
      claims,
      record,
      fleet,
      studied,
      forecast,
      privacy: fleet.privacy.result(),
      posterior,
    });
    if (isStopped)
      throw new GradswarmError(
        'ERR_STOPPED',
        `stopped after round ${result.roundsDone} of ${scenario.rounds}; run 'gradswarm resume ${shown(directory.path)}' to continue`,
      );
    const { summary, stateDigest } = record;
    return {
      record,
      outcome: {
        directory: shown(directory.path),
        verdict,
        summary,
        stateDigest,
        reportPath: shown(reportPath),
        claims,
      },
    };
  }

  /** An error in words for the user: a full disk is no bug, and what was computed is not lost. */
  broken(error: unknown): unknown {
    const { directory, judged } = this;
    const explained = explainedDiskError(this.unwritten ?? error, shown(directory.path), judged ? 'judged' : 'running');
    if (judged) return explained;
    const reason = explained instanceof Error ? explained.message : String(explained);
    try {
      directory.event({ t: 0, wallMs: 0, round: this.roundsDone, event: 'stopped', fields: { reason } });
      directory.session({ event: 'ended', epoch: this.epoch, how: reason });
    } catch {
      // The disk is full for this line too.
    }
    return explained;
  }

  async close(): Promise<void> {
    await this.closeFleet('again');
    this.events?.close();
    try {
      this.directory.close();
    } catch (error) {
      if (!isDiskError(error)) throw error;
    }
  }

  private closeFleet(ending: 'finished' | 'again'): Promise<void> {
    this.closing ??= this.fleet?.close(ending) ?? Promise.resolve();
    return this.closing;
  }

  private note(text: string): void {
    this.options.watcher?.note(text);
  }
}
