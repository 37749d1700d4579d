import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Json } from '../../protocol/scenario/scenario.js';
import type { Fingerprint } from '../../worker/fingerprint.js';
import type { ReadData } from '../../worker/read-data.js';
import type { writeRunReport } from '../report/run-report.js';
import type { openFleet } from './open-fleet.js';
import type { StartingPoint } from './roll-back.js';
import type { Part, RunOptions, RunOutcome } from './run.js';
import type { Read } from './what-is-read.js';

export interface SessionOptions
  extends Pick<RunOptions, 'listen' | 'processes' | 'signal' | 'watcher' | 'tensorboard'> {
  /** What the display calls it; left out: the scenario's name. */
  readonly label?: string;
  /** Which run of a sweep it is. */
  readonly part?: Part;
  /** The folder to resume after a stop, where it is not the run's own. */
  readonly folder?: string;
  /** The swept values by path, where the run is a point of a sweep. */
  readonly point?: Readonly<Record<string, Json>>;
  /** Where to continue; left out: a new run. */
  readonly from?: StartingPoint;
  /** Where the parties run; left out: as in the scenario. */
  readonly fleet?: typeof openFleet;
  /** What a run that is replayed had read; a new one that reads something else is refused. */
  readonly recorded?: Fingerprint;
  /** Left out: read here. */
  readonly read?: Read;
  /** Of a sweep, whose points read equal data once; left out: read again. */
  readonly readData?: ReadData;
  /** The run ends after so many rounds, whatever `stopWhen` says; left out: as in the scenario. */
  readonly endsAfter?: number;
  /** Number of the first attempt at a round; left out: as the run itself counts. */
  readonly firstAttempt?: (round: number) => number;
  /** Draws the report; left out: with all plots. */
  readonly drawReport?: typeof writeRunReport;
}

export interface SessionResult {
  readonly outcome: RunOutcome;
  readonly record: RunRecord;
}
