import { RunLoop } from '../../../coordinator/run/run-loop.js';
import type { RunResult } from '../../../coordinator/run/run-loop-options.js';
import type { CarriedState } from '../../../coordinator/run/run-observer.js';
import { stateDigest } from '../../../coordinator/run-directory/digest.js';
import type { AnyMethod, PartyId } from '../../../protocol/method.js';
import type { AbsenceRecord } from '../../../protocol/party/delivery-log.js';
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
}

/** One run without a directory. Every call opens its own fleet, as another process would. */
export async function runTiny(scenario: Scenario, method: AnyMethod, options: TinyRunOptions = {}): Promise<TinyRun> {
  const problem = options.problem ?? (await openProblem(scenario));
  const fleet = await (options.placement ?? inOneProcess).open(scenario, method, problem);
  options.tamper?.(fleet);
  const losses: (number | null)[] = [];
  const absences: AbsenceRecord[] = [];
  const snapshots: Snapshot[] = [];
  try {
    const loop = new RunLoop({
      scenario,
      site: fleet.site,
      crew: fleet.crew,
      evaluator: problem.family,
      observer: {
        round: (row, entry) => {
          losses.push(row.loss);
          absences.push(...entry.absences);
        },
        abandoned: () => {},
        checkpoint: (round, records, carried) => {
          snapshots.push({ round, records: new Map([...(snapshots.at(-1)?.records ?? []), ...records]), carried });
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
      [...result.records].map(([party, bytes]) => [party, digestedRecord(party, bytes)] as const),
    );
    return { digest, result, losses, absences, snapshots };
  } finally {
    await fleet.close();
  }
}
