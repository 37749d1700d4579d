import { openLoop } from '../../../coordinator/run/open-loop.js';
import type { RunResult } from '../../../coordinator/run/run-loop-options.js';
import type { CarriedState, RunObserver } from '../../../coordinator/run/run-observer.js';
import { stateDigest } from '../../../coordinator/run-directory/digest.js';
import type { MetricsRow } from '../../../coordinator/run-directory/metrics.js';
import type { AnyMethod, PartyId } from '../../../protocol/method.js';
import type { AbsenceRecord, DeliveryEntry } from '../../../protocol/party/delivery-log.js';
import { digestedRecord } from '../../../protocol/party/record.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { openProblem, type Problem } from '../../../worker/problem.js';
import type { Fleet } from '../../run/fleet.js';
import { inOneProcess, type Placement } from './placements.js';

/** Where a resumed run continues. */
export interface Snapshot {
  readonly round: number;
  readonly records: ReadonlyMap<PartyId, Uint8Array>;
  readonly carried: CarriedState;
}

export interface TinyRun {
  readonly digest: string;
  readonly result: RunResult;
  readonly rows: readonly MetricsRow[];
  readonly entries: readonly DeliveryEntry[];
  readonly losses: readonly (number | null)[];
  readonly absences: readonly AbsenceRecord[];
  /** One for each checkpoint, each with the records of all parties so far. */
  readonly snapshots: readonly Snapshot[];
}

export interface TinyRunOptions {
  readonly placement?: Placement;
  /** Left out: opened from the scenario. Given: data and model stay, whatever the scenario's seed. */
  readonly problem?: Problem;
  readonly from?: Snapshot;
  /** Changes an opened fleet of this process: planted faults and counters. */
  readonly tamper?: (fleet: Fleet) => void;
  /** Given the figures of single clients, where the scenario asks for them. */
  readonly clients?: RunObserver['clients'];
  /** Called after every round. */
  readonly watch?: (row: MetricsRow, fleet: Fleet) => void;
}

/** One run without a directory. Every call opens its own fleet, as another process would. */
export async function runTiny(scenario: Scenario, method: AnyMethod, options: TinyRunOptions = {}): Promise<TinyRun> {
  const problem = options.problem ?? (await openProblem(scenario));
  const fleet = await (options.placement ?? inOneProcess).open(scenario, method, problem);
  options.tamper?.(fleet);
  const rows: MetricsRow[] = [];
  const entries: DeliveryEntry[] = [];
  const snapshots: Snapshot[] = [];
  try {
    const loop = openLoop({
      scenario,
      site: fleet.site,
      crew: fleet.crew,
      evaluator: problem.family,
      evaluateClient: problem.evaluateClient,
      observer: {
        round: (row, entry) => {
          rows.push(row);
          entries.push(entry);
          options.watch?.(row, fleet);
        },
        ...(options.clients && { clients: options.clients }),
        abandoned: () => {},
        checkpoint: (round, records, carried) => {
          const before = snapshots.at(-1)?.records ?? options.from?.records ?? [];
          snapshots.push({ round, records: new Map([...before, ...records]), carried });
        },
      },
      scriptedAbsences: fleet.scriptedAbsences,
      forgotten: fleet.forgotten,
      faultsFired: fleet.faultsFired,
      privacy: fleet.privacy,
      signal: new AbortController().signal,
      now: () => 0,
    });
    if (options.from) await loop.restore(options.from.round, options.from.records, options.from.carried);
    const result = await loop.run();
    const digest = stateDigest(
      [...result.records].map(
        ([party, bytes]) => [party, digestedRecord(party, bytes, fleet.site.host.halves)] as const,
      ),
    );
    const losses = rows.map(({ loss }) => loss);
    const absences = entries.flatMap((entry) => entry.absences);
    return { digest, result, rows, entries, losses, absences, snapshots };
  } finally {
    await fleet.close();
  }
}
