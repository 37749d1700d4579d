import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadonlyVector } from '../../protocol/method.js';
import { AppendOnlyFile } from './append-only-file.js';
import { damaged } from './checkpoint-store.js';
import { ClientMetricsFile, type ClientRow, lastClientFigures } from './client-metrics.js';
import { DrawsLog } from './draws-log.js';
import { checkJsonLines } from './json-file.js';
import { checkMetrics, MetricsFile } from './metrics.js';
import { TimesFile, type TimesRow } from './times.js';

const EVENTS = 'events.jsonl';
const DELIVERIES = 'deliveries.jsonl';
const METRICS = 'metrics.csv';
const BY_CLIENT = 'metrics-by-client.csv';
const TIMES = 'times.csv';
const DRAWS = 'draws.log';

/** A file whose path others may ask for. */
export type RoundFileName = typeof EVENTS | typeof DELIVERIES | typeof METRICS;

/** Bytes or rows by file name, as a checkpoint records them. */
type Lengths = Readonly<Record<string, number>>;

/** The files that grow round by round. A resumption cuts each to the length that the checkpoint recorded. */
export class RoundFiles {
  readonly events: AppendOnlyFile;
  readonly deliveries: AppendOnlyFile;
  readonly metrics: MetricsFile;
  /** Only runs of samplers have one. */
  private drawsLog: DrawsLog | null = null;
  /** Only runs that evaluate clients have one. */
  private byClient: ClientMetricsFile | null = null;
  /** Only runs over sockets have one. */
  private times: TimesFile | null = null;

  constructor(private readonly folder: string) {
    this.events = new AppendOnlyFile(join(folder, EVENTS));
    this.deliveries = new AppendOnlyFile(join(folder, DELIVERIES));
    this.metrics = new MetricsFile(join(folder, METRICS));
    if (existsSync(join(folder, DRAWS))) this.drawsLog = new DrawsLog(join(folder, DRAWS));
    if (existsSync(join(folder, TIMES))) this.times = new TimesFile(join(folder, TIMES));
    if (existsSync(join(folder, BY_CLIENT))) this.byClient = new ClientMetricsFile(join(folder, BY_CLIENT));
  }

  get draws(): DrawsLog | null {
    return this.drawsLog;
  }

  /** `chains[c]` is what chain c kept, draw after draw. */
  appendDraws(chains: readonly ReadonlyVector[]): void {
    if (chains.every(({ length }) => length === 0)) return;
    this.drawsLog ??= new DrawsLog(join(this.folder, DRAWS));
    this.drawsLog.append(chains);
  }

  appendClients(round: number, rows: readonly ClientRow[]): void {
    this.byClient ??= new ClientMetricsFile(join(this.folder, BY_CLIENT));
    this.byClient.rows(round, rows);
  }

  appendTimes(round: number, rows: readonly TimesRow[]): void {
    this.times ??= new TimesFile(join(this.folder, TIMES));
    this.times.rows(round, rows);
  }

  lastClientFigures(): ReadonlyMap<string, ReadonlyMap<number, number>> {
    this.byClient?.flush();
    return this.byClient ? lastClientFigures(this.byClient.path) : new Map();
  }

  flush(): void {
    for (const [, file] of this.all()) file.flush();
  }

  /** Durable when it returns. */
  syncedLengths(): Lengths {
    return {
      [EVENTS]: this.events.syncedByteLength(),
      [DELIVERIES]: this.deliveries.syncedByteLength(),
      [METRICS]: this.metrics.syncedRowCount(),
      ...(this.drawsLog ? { [DRAWS]: this.drawsLog.syncedByteLength() } : {}),
      ...(this.byClient ? { [BY_CLIENT]: this.byClient.syncedByteLength() } : {}),
      ...(this.times ? { [TIMES]: this.times.syncedByteLength() } : {}),
    };
  }

  /** Before anything is cut: every file has these lengths and can be read up to there. Throws ERR_CHECKPOINT. */
  check(lengths: Lengths): void {
    for (const [name, file] of this.all()) {
      const needed = lengths[name] ?? 0;
      const there = file.length;
      if (there < needed) damaged(join(this.folder, name), `at least ${needed} bytes or rows`, `${there}`);
    }
    checkMetrics(join(this.folder, METRICS), lengths[METRICS] ?? 0);
    checkJsonLines(join(this.folder, EVENTS), 'event', lengths[EVENTS] ?? 0);
    checkJsonLines(join(this.folder, DELIVERIES), 'record', lengths[DELIVERIES] ?? 0);
  }

  /** A file without a length is emptied. */
  cut(lengths: Lengths): void {
    for (const [name, file] of this.all()) file.cut(lengths[name] ?? 0);
  }

  close(): void {
    for (const [, file] of this.all()) file.close();
  }

  private all(): readonly (readonly [string, AppendOnlyFile | MetricsFile | DrawsLog])[] {
    return [
      [EVENTS, this.events],
      [DELIVERIES, this.deliveries],
      [METRICS, this.metrics],
      ...(this.drawsLog ? [[DRAWS, this.drawsLog] as const] : []),
      ...(this.byClient ? [[BY_CLIENT, this.byClient] as const] : []),
      ...(this.times ? [[TIMES, this.times] as const] : []),
    ];
  }
}
