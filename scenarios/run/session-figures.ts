import type { CheckpointCost } from '../../coordinator/run/checkpoint-pace.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import { orderedDigest } from '../../coordinator/run-directory/digest.js';
import type { summarizeSession } from '../../coordinator/run-directory/session-log.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { Halves, PartyId } from '../../protocol/method.js';
import { digestedRecord } from '../../protocol/party/record.js';
import { compareParties } from '../../protocol/party/state-digest.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import { figureOf } from '../../protocol/scenario/quantity.js';
import type { Json } from '../../protocol/scenario/scenario.js';
import { spectralGapOf } from '../report/run-report.js';
import type { Fleet } from './fleet.js';

/** The run in a few figures, for the verdict and the printed result. */
export function summaryOf(
  record: RunRecord,
  result: RunResult,
  fleet: Fleet,
  processes: ReturnType<typeof summarizeSession>,
): Record<string, Json> {
  const { bytes } = result;
  const summary: Record<string, Json> = {
    rounds: result.roundsDone,
    bytesUp: bytes.up.wire,
    bytesDown: bytes.down.wire,
    bytesPeer: bytes.peer.wire,
    simulatedMs: result.simulatedMs,
    wallMs: Math.round(result.wallMs),
    transport: fleet.transport,
    ended: result.stopped,
    ...(record.scenario.timingOnly && { timingOnly: true }),
    ...(result.checkpoints.count > 0 && checkpointFigures(result.checkpoints)),
    ...(result.withoutUpdate > 0 && { roundsWithoutUpdate: result.withoutUpdate }),
    ...(result.best && { bestRound: result.best.round, best: result.best.value }),
    ...(result.lostClients.length > 0 && { lostClients: result.lostClients.length }),
    ...(processes.workersLost > 0 && { workersLost: processes.workersLost }),
    ...(processes.rollbacks > 0 && { rollbacks: processes.rollbacks, roundsDoneAgain: processes.roundsDoneAgain }),
  };
  const gap = spectralGapOf(fleet, record.scenario);
  if (gap !== null) summary.spectralGap = gap;
  for (const figure of ['finalLoss', 'finalAccuracy', 'finalConsensusError']) {
    const value = figureOf(record, figure);
    if (value !== null) summary[figure] = Number.isFinite(value) ? value : String(value);
  }
  const privacy = fleet.privacy.result();
  // Not of the last row: attempts at a round that the budget did not let finish are charged after it.
  if (privacy) summary.finalEpsilon = privacy.epsilon ?? 'Infinity';
  if (privacy) summary.private = privacy.notPrivate === undefined;
  if (privacy?.repeated) {
    summary.roundsChargedAgain = privacy.repeated.rounds;
    summary.epsilonWithoutRepeats = privacy.repeated.epsilonWithout;
  }
  return summary;
}

/** Share of the time, and mean milliseconds from one to the next. */
function checkpointFigures({ count, spentMs, ofMs }: CheckpointCost): Record<string, Json> {
  return {
    checkpointShare: Number((spentMs / Math.max(1, ofMs)).toPrecision(2)),
    checkpointEveryMs: Math.round(ofMs / count),
  };
}

/** One at a time: there may be a million, and clients that keep nothing share their bytes. */
function* digestedRecords(records: RunResult['records'], halves: Halves): Iterable<readonly [PartyId, Uint8Array]> {
  let last: Uint8Array | null = null;
  let digested: Uint8Array = new Uint8Array(0);
  for (const party of [...records.keys()].sort(compareParties)) {
    const bytes = records.get(party)!;
    if (bytes !== last) digested = digestedRecord(party, bytes, halves);
    last = bytes;
    yield [party, digested];
  }
}

/** Null, with a note of the reason, when a state is not finite: two diverged runs would look equal. */
export function finalDigest(
  { records }: Pick<RunResult, 'records'>,
  halves: Halves,
  note: (text: string) => void,
): string | null {
  try {
    return orderedDigest(digestedRecords(records, halves));
  } catch (error) {
    if (!(error instanceof GradswarmError) || error.code !== 'ERR_NOT_FINITE') throw error;
    note(`no state digest: ${error.message}`);
    return null;
  }
}
