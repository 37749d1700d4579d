import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import type { Attempt, Attempts } from '../../protocol/privacy/accounting/attempts.js';
import { jsonText, PARTIAL, replaceFile } from './atomic-file.js';
import { type CheckpointContent, contentOf, entriesOf, type RestoredCheckpoint } from './checkpoint-content.js';
import { CheckpointStore, ForeignCheckpoint } from './checkpoint-store.js';
import type { ClientRow } from './client-metrics.js';
import { sha256 } from './digest.js';
import { explainedDiskError, type Progress } from './disk-error.js';
import { type ChainDraws, writeDraws } from './draws.js';
import type { RunEvent } from './events.js';
import { readJsonFile } from './json-file.js';
import { type Manifest, newManifest, type RunSetting } from './manifest.js';
import { type MetricsRow, readMetrics } from './metrics.js';
import { newFolder } from './new-folder.js';
import { LostReleases, ReleaseLedger } from './release-ledger.js';
import { RestingRecords } from './resting-records.js';
import { ResultFiles } from './result-files.js';
import { type RoundFileName, RoundFiles } from './round-files.js';
import { RunLock } from './run-lock.js';
import { createRunPath } from './run-path.js';
import { type SessionEvent, SessionLog } from './session-log.js';
import type { TimesRow } from './times.js';

/** All that one run leaves behind, in one folder. One process writes to it at a time. */
export class RunDirectory {
  readonly path: string;
  readonly results: ResultFiles;
  private readonly files: RoundFiles;
  private readonly ledger: ReleaseLedger;
  private readonly sessionLog: SessionLog;
  private readonly lock: RunLock;
  private readonly checkpoints: CheckpointStore;
  private readonly resting = new RestingRecords();
  private recorded: Manifest;

  private constructor(path: string, lock: RunLock, manifest: Manifest) {
    this.path = path;
    this.lock = lock;
    this.recorded = manifest;
    this.results = new ResultFiles(path, lock);
    this.sessionLog = new SessionLog(path);
    this.files = new RoundFiles(path);
    this.ledger = new ReleaseLedger(path);
    const scenarioSha256 = sha256(readFileSync(join(path, 'scenario.json')));
    const earlier = (manifest.extended ?? []).map((before) => before.scenarioSha256);
    this.checkpoints = new CheckpointStore(
      join(path, 'checkpoints'),
      { runId: manifest.runId, scenarioSha256 },
      earlier,
    );
  }

  /**
   * A new folder `<root>/<scenarioName>/<timestamp>-<four characters>`, to which `<root>/latest` points; with `path`, that
   * folder (a sweep's point). `scenario`: resolved and complete, plain JSON data.
   */
  static create(run: {
    readonly root: string;
    readonly scenarioName: string;
    readonly scenario: unknown;
    readonly setting?: RunSetting;
    readonly path?: string;
  }): RunDirectory {
    const now = new Date();
    const { path, runId } =
      run.path === undefined ? createRunPath(run.root, run.scenarioName, now) : pointPath(run.path);
    return RunDirectory.locked(path, 'begun', (lock) => {
      replaceFile(join(path, 'scenario.json'), `${jsonText(run.scenario, 2)}\n`);
      const manifest = newManifest(runId, run.scenarioName, now, run.setting);
      replaceFile(join(path, 'manifest.json'), `${jsonText(manifest, 2)}\n`);
      return new RunDirectory(path, lock, manifest);
    });
  }

  /** The folder of an earlier run, to read it or, after `restore`, to continue. ERR_CHECKPOINT when it is not a run's folder. */
  static open(path: string): RunDirectory {
    for (const name of ['manifest.json', 'scenario.json']) {
      if (!existsSync(join(path, name))) notARun(path, `a folder with ${name}`, 'one without');
    }
    return RunDirectory.locked(path, 'running', (lock) => {
      for (const name of readdirSync(path)) {
        if (name.endsWith(PARTIAL)) rmSync(join(path, name), { recursive: true, force: true });
      }
      readJsonFile(join(path, 'scenario.json'), 'record');
      const manifest = readJsonFile<Manifest>(join(path, 'manifest.json'), 'manifest');
      if (manifest.format !== 1) notARun(path, 'a manifest of format 1', String(manifest.format));
      return new RunDirectory(path, lock, manifest);
    });
  }

  /** The folder's only writer from before the first file on. `progress`: what a full disk would keep from being resumed. */
  private static locked(path: string, progress: Progress, open: (lock: RunLock) => RunDirectory): RunDirectory {
    let lock: RunLock | null = null;
    try {
      lock = RunLock.take(path);
      return open(lock);
    } catch (error) {
      lock?.release();
      throw explainedDiskError(error, path, progress);
    }
  }

  /** The scenario as it was recorded. Throws ERR_CHECKPOINT. */
  get scenario(): unknown {
    return readJsonFile(join(this.path, 'scenario.json'), 'record');
  }

  private get isSecure(): boolean {
    const { privacy } = this.scenario as { readonly privacy?: { readonly noise?: string } };
    return privacy?.noise === 'secure';
  }

  get manifest(): Manifest {
    return this.recorded;
  }

  /** Once it calls the run finished, all of the run is on the disk. */
  updateManifest(changes: Partial<Omit<Manifest, 'format' | 'runId'>>): void {
    this.lock.check();
    if (typeof changes.finishedAt === 'string') {
      this.files.syncedLengths();
      this.ledger.syncedLengths();
    }
    this.recorded = { ...this.recorded, ...changes };
    replaceFile(join(this.path, 'manifest.json'), `${jsonText(this.recorded, 2)}\n`);
  }

  event(event: RunEvent): void {
    this.lock.check();
    this.files.events.appendJson(event);
  }

  /** One record of the replay log, plain JSON data. */
  delivery(record: unknown): void {
    this.lock.check();
    this.files.deliveries.appendJson(record);
  }

  /** Of secure noise, before anything of it can leave; on the disk when it returns. */
  attemptBegun(attempt: Attempt): void {
    this.lock.check();
    this.ledger.begin(attempt);
  }

  /**
   * Privacy releases, plain data, handed to the operating system before it returns, those of secure noise forced to the disk. The one
   * file that no resumption cuts: what was released stays released. `charged`: attempts at rounds up to which all are recorded then.
   */
  release(
    entries: readonly { readonly noise?: string }[],
    charged: readonly { readonly round: number; readonly attempt: number }[] = [],
  ): void {
    this.lock.check();
    this.ledger.append(entries, charged);
  }

  /** Every release of the run so far. Infinities stand as text. */
  releases(): unknown[] {
    return this.ledger.releases();
  }

  /** Attempts at rounds with secure noise, of a run that continues from round `from`: those of an older version are recorded now. */
  attempts(from: number): Attempts {
    if (this.recorded.attempts !== 'recorded' && this.isSecure) {
      this.ledger.recordAttempts(from);
      this.updateManifest({ attempts: 'recorded' });
    }
    return this.ledger.attempts();
  }

  /** Something about the run's processes: no resumption cuts it. */
  session(event: SessionEvent): void {
    this.lock.check();
    this.sessionLog.append(event);
  }

  get sessionEvents(): readonly SessionEvent[] {
    return this.sessionLog.read();
  }

  nextEpoch(): number {
    return this.sessionLog.nextEpoch();
  }

  metric(row: MetricsRow): void {
    this.lock.check();
    this.files.metrics.append(row);
  }

  /** Figures of single clients in a round. */
  clientMetrics(round: number, rows: readonly ClientRow[]): void {
    this.lock.check();
    this.files.appendClients(round, rows);
  }

  /** What was measured of a round's clients. */
  times(round: number, rows: readonly TimesRow[]): void {
    this.lock.check();
    this.files.appendTimes(round, rows);
  }

  /** Each client's figures in the last round that has them, by metric; empty where clients are not evaluated. */
  lastClientFigures(): ReadonlyMap<string, ReadonlyMap<number, number>> {
    return this.files.lastClientFigures();
  }

  /** Posterior draws of a round: `chains[c]` is what chain c kept, draw after draw. */
  draws(chains: readonly ReadonlyVector[]): void {
    this.lock.check();
    this.files.appendDraws(chains);
  }

  /**
   * All draws so far, each of `length` numbers, cut to the length of the shortest chain (absences make chains unequal), and
   * the same as `draws.npy`. Null when there are none.
   */
  concludeDraws(length: number): ChainDraws | null {
    const chains = this.files.draws?.read(length) ?? [];
    const shortest = chains.reduce((least, draws) => Math.min(least, draws.length), Number.POSITIVE_INFINITY);
    if (chains.length === 0 || shortest === 0) return null;
    const draws = chains.map((chain) => chain.slice(0, shortest));
    writeDraws(join(this.path, 'draws.npy'), draws);
    return draws;
  }

  /** The path of metrics.csv, events.jsonl and so on, with everything that was appended in it. */
  file(name: RoundFileName): string {
    this.flush();
    return join(this.path, name);
  }

  /** Every row of metrics.csv so far, those of before a resume included. */
  rows(): MetricsRow[] {
    return readMetrics(this.file('metrics.csv'));
  }

  flush(): void {
    this.files.flush();
  }

  /** Durable when it returns. Costs what changed, not all clients. Returns the bytes and entries it wrote. */
  checkpoint(content: CheckpointContent): { readonly writtenBytes: number; readonly writtenEntries: number } {
    this.lock.check();
    const entries = entriesOf(content, this.resting, (key) => this.checkpoints.has(key));
    return this.checkpoints.write(content.round, entries, {
      ...this.files.syncedLengths(),
      ...this.ledger.syncedLengths(),
    });
  }

  /** Round of the newest checkpoint, or null. */
  latestCheckpoint(): number | null {
    return this.checkpoints.rounds().at(-1) ?? null;
  }

  /**
   * Goes back to the newest checkpoint, or to the newest one at or before round `notAfter`: its content is returned, every
   * append-only file is cut to the length it had then, later checkpoints are deleted. One that is damaged, or whose files are
   * shorter or damaged, is skipped; `skipped` has the reason. Without any the files are emptied and null is returned: the run starts
   * over. ERR_CHECKPOINT when checkpoints are of another run.
   */
  restore(
    notAfter = Number.POSITIVE_INFINITY,
    skipped: (reason: string) => void = () => {},
  ): RestoredCheckpoint | null {
    this.lock.check();
    this.flush();
    for (const round of this.checkpoints.rounds().reverse()) {
      if (round > notAfter) continue;
      try {
        const stored = this.checkpoints.restore(round, (lengths) => this.checkLengths(lengths));
        this.files.cut(stored.lengths);
        this.ledger.backTo(round);
        return contentOf(stored, this.resting);
      } catch (error) {
        if (!(error instanceof GradswarmError) || error instanceof ForeignCheckpoint || error instanceof LostReleases)
          throw error;
        const reason = error.message.replace(/^ERR_CHECKPOINT: /, '');
        skipped(`the checkpoint of round ${round} is passed over: ${reason}`);
        this.session({ event: 'checkpoint-skipped', round, reason });
      }
    }
    this.checkpoints.clear();
    this.resting.restore(new Map(), new Map());
    this.files.cut({});
    this.ledger.backTo(0);
    return null;
  }

  /** Throws ERR_CHECKPOINT where a file is shorter than the newest checkpoint has it, or cannot be read up to there. */
  checkFiles(): void {
    for (const round of this.checkpoints.rounds().reverse()) {
      const lengths = this.checkpoints.lengths(round);
      if (lengths) return this.checkLengths(lengths);
    }
  }

  private checkLengths(lengths: Readonly<Record<string, number>>): void {
    this.ledger.check(lengths, this.isSecure);
    this.files.check(lengths);
  }

  /** The run is continued by another process. */
  noteResumption(): void {
    this.updateManifest({ resumedAt: [...this.recorded.resumedAt, new Date().toISOString()], finishedAt: null });
  }

  /**
   * The same run to a later round: `scenario` is the recorded one with more rounds. Its checkpoints stay good. The folder is closed. A
   * process that ends between the two writes leaves the run as it was, to be resumed.
   */
  extend(scenario: unknown): void {
    const before = this.scenario as { readonly rounds: number };
    const scenarioSha256 = sha256(readFileSync(join(this.path, 'scenario.json')));
    const entry = { at: new Date().toISOString(), rounds: before.rounds, scenarioSha256 };
    this.updateManifest({
      extended: [...(this.recorded.extended ?? []), entry],
      finishedAt: null,
      roundsDone: null,
      stateDigest: null,
    });
    replaceFile(join(this.path, 'scenario.json'), `${jsonText(scenario, 2)}\n`);
    this.close();
  }

  close(): void {
    // What another process writes now is not added to: the rest of this run's lines is dropped.
    try {
      if (!this.lock.isHeld) return;
      this.files.close();
      this.ledger.close();
      this.sessionLog.close();
    } finally {
      this.lock.release();
    }
  }
}

function pointPath(path: string): { readonly path: string; readonly runId: string } {
  newFolder(path);
  return { path, runId: path.split(/[\\/]/).slice(-2).join('/') };
}

function notARun(path: string, expected: string, came: string): never {
  throw new GradswarmError('ERR_CHECKPOINT', `${path}: expected ${expected}, got ${came}; name the folder of one run`);
}
