import { numberText } from '../../coordinator/report/units.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';

/** Beyond this factor over the first measured loss a run counts as one that learnt nothing. */
const GROWTH = 1.5;

/** Beyond this factor over all of its first half the distance of the peers to their mean is one that grows. */
const DRIFT = 10;

/** Beyond this multiple of the loss of equal guesses. */
const WORSE_THAN_GUESSES = 10;

/**
 * A sentence on a run whose held-out loss ended well above where it began, or above that of equal guesses among the classes; null: it
 * did not. `classCount`: 0 where there are none.
 */
export function growthText(rows: readonly MetricsRow[], classCount = 0): string | null {
  const measured = rows.filter(({ loss }) => loss !== null);
  const [first, last] = [measured[0], measured.at(-1)];
  if (!first || !last) return null;
  const [before, after] = [first.loss!, last.loss!];
  const guesses = Math.log(classCount);
  if (classCount > 1 && after > WORSE_THAN_GUESSES * guesses)
    return `the loss ended at ${numberText(after)}, above ln(${classCount}) = ${numberText(guesses)} of equal guesses: the run diverges; try a smaller step size`;
  if (first === last) return null;
  if (Number.isFinite(after) && after <= before + (GROWTH - 1) * Math.abs(before)) return null;
  const drift = driftOf(measured);
  if (drift)
    return (
      `the loss grew from ${numberText(before)} (round ${first.round}) to ${numberText(after)} (round ${last.round}) and the peers ` +
      `drift apart (consensus error ${numberText(drift)}): the run is unstable, mostly since the step size is above what the ` +
      'topology allows; try a smaller one'
    );
  return (
    `the loss grew from ${numberText(before)} (round ${first.round}) to ${numberText(after)} (round ${last.round}): ` +
    'the run diverges or overfits; try a smaller step size'
  );
}

/** The last consensus error where it grows; null: it does not, or there are no peers. */
function driftOf(rows: readonly MetricsRow[]): number | null {
  const errors = rows.flatMap(({ extra }) => extra.consensusError ?? []);
  const half = errors.slice(0, Math.floor(errors.length / 2));
  const last = errors.at(-1);
  if (last === undefined || half.length === 0) return null;
  return last <= DRIFT * Math.max(...half) ? null : last;
}
