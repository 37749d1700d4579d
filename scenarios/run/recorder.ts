import type { CarriedState, RunObserver } from '../../coordinator/run/run-observer.js';
import type { ClientRow } from '../../coordinator/run-directory/client-metrics.js';
import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import type { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { TimesRow } from '../../coordinator/run-directory/times.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { PartyId, ReadonlyVector } from '../../protocol/method.js';
import type { CrewReport } from '../../protocol/party/crew.js';
import type { DeliveryEntry } from '../../protocol/party/delivery-log.js';
import type { Attempt } from '../../protocol/privacy/accounting/attempts.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import type { RunWatcher } from './run.js';

/** Writes down what a run does, as it does it. */
export class Recorder implements RunObserver {
  /** The others are in the directory: a long run keeps none. */
  private last: MetricsRow | null = null;
  private tensorCounts: readonly number[] | null = null;

  constructor(
    private readonly directory: RunDirectory | null,
    private readonly watcher: RunWatcher | undefined,
    /** A round is done, or its checkpoint is on the disk. */
    private readonly reached: (what: 'committed' | 'checkpointed', round: number) => void = () => {},
    private readonly progress: (row: MetricsRow) => void = () => {},
  ) {}

  round(row: MetricsRow, entry: DeliveryEntry, report: CrewReport & { readonly empty: boolean }): void {
    this.checkTensors(row.round, report.tensorCounts);
    this.last = row;
    if (this.directory) {
      const at = { t: row.simulatedMs, wallMs: row.wallMs, round: row.round };
      const { cohort, attempt, absences } = entry;
      this.directory.metric(row);
      this.directory.delivery(entry);
      this.directory.event({
        ...at,
        event: 'round',
        fields: { invited: cohort.length, absent: absences.length, attempt, ...(report.empty && { empty: true }) },
      });
      for (const { from, to, why, kind, step } of absences)
        this.directory.event({ ...at, party: to, event: 'absent', fields: { why, kind, step, from } });
      if (row.loss !== null)
        this.directory.event({ ...at, event: 'evaluation', fields: { loss: row.loss, accuracy: row.accuracy } });
    }
    this.watcher?.round(row);
    this.reached('committed', row.round);
    this.progress(row);
  }

  draws(chains: readonly ReadonlyVector[]): void {
    this.directory?.draws(chains);
  }

  clients(round: number, rows: readonly ClientRow[]): void {
    this.directory?.clientMetrics(round, rows);
  }

  times(round: number, rows: readonly TimesRow[]): void {
    this.directory?.times(round, rows);
  }

  abandoned(round: number, attempt: number, reason: string): void {
    this.watcher?.note(`round ${round} is run again: ${reason}`);
    this.directory?.event({ ...this.now(), round, event: 'abandoned', fields: { attempt, reason } });
  }

  checkpoint(round: number, records: ReadonlyMap<PartyId, Uint8Array>, carried: CarriedState): void {
    if (!this.directory) return;
    const { writtenBytes, writtenEntries } = this.directory.checkpoint({
      round,
      parties: records,
      ledger: carried.ledger,
      ...(carried.best && { best: carried.best }),
      extra: {
        simulatedMs: carried.simulatedMs,
        wallMs: carried.wallMs,
        lostClients: carried.lostClients,
        faultsFired: carried.faultsFired,
        ...(carried.withoutUpdate && { withoutUpdate: carried.withoutUpdate }),
        ...(carried.away && { away: carried.away }),
        ...(carried.batteries && { batteries: carried.batteries }),
        ...(carried.agenda && { agenda: carried.agenda }),
        ...(carried.meetings && { meetings: carried.meetings }),
        ...(carried.average && { average: carried.average }),
        ...(carried.bytes && { bytes: carried.bytes }),
      },
    });
    this.directory.event({
      ...this.now(),
      round,
      event: 'checkpoint',
      fields: { writtenBytes, writtenParties: writtenEntries },
    });
    this.reached('checkpointed', round);
  }

  writing(begins: boolean): void {
    this.watcher?.writing?.(begins);
  }

  begun(attempt: Attempt): void {
    this.directory?.attemptBegun(attempt);
  }

  released(
    entries: readonly LedgerEntry[],
    charged: readonly { readonly round: number; readonly attempt: number }[],
  ): void {
    this.directory?.release(entries, charged);
  }

  private now(): { readonly t: number; readonly wallMs: number } {
    return { t: this.last?.simulatedMs ?? 0, wallMs: this.last?.wallMs ?? 0 };
  }

  /** A tensor that is not given back after each round fills the device in a long run. */
  private checkTensors(round: number, counts: readonly number[]): void {
    // Clients that are invited for the first time put their data on the device; from round 2 on nothing may grow without that.
    if (this.tensorCounts && counts.length === this.tensorCounts.length)
      for (const [i, count] of counts.entries())
        if (count >= 0 && this.tensorCounts[i]! >= 0 && count > this.tensorCounts[i]!)
          throw new GradswarmError(
            'ERR_DEVICE',
            `round ${round}: expected ${this.tensorCounts[i]} tensors on the device, got ${count}; an objective keeps some`,
          );
    this.tensorCounts = counts.map((count, i) => (count >= 0 ? count : (this.tensorCounts?.[i] ?? -1)));
  }
}
