import type { ClientIndex, ReadonlyVector, Vector } from '../../../method.js';
import { copy } from '../../../numerics/vector.js';

/**
 * Server state that clients hold copies of, moved on both sides by the same small messages in every round. The server keeps
 * which clients' copies are current (`synchronized`, ascending); a client that missed a message throws its copy away, and is
 * sent the whole state the next time it is invited.
 */

/** The clients of a round: those whose copy is current, and those that need the whole state. */
export interface CopyHolders {
  readonly current: readonly ClientIndex[];
  readonly behind: readonly ClientIndex[];
}

export function copyHolders(cohort: readonly ClientIndex[], synchronized: readonly ClientIndex[]): CopyHolders {
  const held = new Set(synchronized);
  return {
    current: cohort.filter((client) => held.has(client)),
    behind: cohort.filter((client) => !held.has(client)),
  };
}

/** A client's copy of a state that arrived whole: vectors of its own. */
export function ownCopy<K extends string>(
  sent: { readonly [F in K]: ReadonlyVector },
  ...fields: readonly K[]
): { readonly [F in K]: Vector } {
  return Object.fromEntries(fields.map((field) => [field, copy(sent[field])])) as { [F in K]: Vector };
}
