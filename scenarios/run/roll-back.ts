import type { BestRound, CarriedState } from '../../coordinator/run/run-observer.js';
import { parseLedgerEntries } from '../../coordinator/run-directory/ledger-entries.js';
import type { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { PartyId } from '../../protocol/method.js';
import { Attempts } from '../../protocol/privacy/accounting/attempts.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';

/** Where a run continues: the newest checkpoint, or its beginning. */
export interface StartingPoint {
  readonly checkpoint: {
    readonly round: number;
    readonly parties: ReadonlyMap<PartyId, Uint8Array>;
    readonly carried: CarriedState;
  } | null;
  /** Of a run without a checkpoint: what it released all the same. */
  readonly releasedBefore: readonly LedgerEntry[];
  /** The same of attempts at rounds. */
  readonly attempts: Attempts;
}

export const BEGINNING: StartingPoint = { checkpoint: null, releasedBefore: [], attempts: new Attempts() };

/** Back to the newest sound checkpoint of the directory; its files are cut. `note`: of checkpoints that are passed over. */
export function rollBack(directory: RunDirectory, note: (text: string) => void): StartingPoint {
  const restored = directory.restore(undefined, note);
  // The file has what the checkpoint's ledger has, and what was released after it.
  const ledger = releasesOf(directory);
  const attempts = directory.attempts(restored?.round ?? 0);
  if (!restored) return { checkpoint: null, releasedBefore: ledger, attempts };
  const { round, parties, extra, best } = restored;
  const carried = {
    ...(extra as CarriedState),
    ledger,
    attempts,
    ...(best !== undefined && { best: best as BestRound }),
  };
  return { ...BEGINNING, checkpoint: { round, parties, carried } };
}

/** Every release that the run has made. */
export function releasesOf(directory: RunDirectory): readonly LedgerEntry[] {
  return parseLedgerEntries(directory.releases().map(withInfinities));
}

/** Undoes what JSON does to numbers that are not finite. */
function withInfinities(entry: unknown): unknown {
  const number = (value: unknown) => (value === 'Infinity' ? Number.POSITIVE_INFINITY : value);
  const { noiseMultiplier, l2Sensitivities, ...rest } = entry as Record<string, unknown>;
  return {
    ...rest,
    noiseMultiplier: number(noiseMultiplier),
    l2Sensitivities: Array.isArray(l2Sensitivities) ? l2Sensitivities.map(number) : l2Sensitivities,
  };
}
