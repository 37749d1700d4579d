import type { ReadonlyVector, Vector } from '../method.js';
import { extension } from '../settings/extension.js';
import type { Settings } from '../settings/settings.js';

/**
 * A robust sum: what a receiver makes of the vectors of one kind and step, in order of their senders; of an asynchronous method, of the
 * answers of one fold, in order of arrival. n vectors of d numbers
 * come in. An aggregator returns one vector, which stands for the mean of all. A pre-aggregator returns as many vectors as came,
 * each in the place of the one that it replaces, or fewer. Every vector counts the same, whatever number of examples its sender
 * claims.
 *
 * Rules are permutation equivariant up to ties, which the lowest sender wins, and return arrays of their own. `byzantine`, f, is
 * the number of vectors that may be arbitrary; with fewer vectors than a rule's guarantee needs it throws ERR_QUORUM.
 */
export type AggregationRule = Aggregator | PreAggregator;

export interface Aggregator {
  /** At least one vector, all of one length and precision, all finite. */
  combine(vectors: readonly ReadonlyVector[], at: AggregationStep): Vector;
}

export interface PreAggregator {
  prepare(vectors: readonly ReadonlyVector[], at: AggregationStep): readonly Vector[];
}

/** What a rule may use beside the vectors. */
export interface AggregationStep {
  /** A permutation of 0 … length - 1, from the receiver's keyed stream of this round, kind and step. */
  permutation(length: number): Uint32Array;
  /** What the aggregator returned in the round before for this kind and step; null in the first. */
  readonly previous: ReadonlyVector | null;
  /** What the receiver itself posted, where it is among the senders (peers); else null. */
  readonly own: ReadonlyVector | null;
}

/** The rules in order, as a receiver applies them. */
export interface AggregationChain {
  /**
   * One vector for each received: n different ones where all rules keep the number, else n times the same array. `aggregate`:
   * that array, or null.
   */
  apply(
    vectors: readonly ReadonlyVector[],
    at: AggregationStep,
  ): { readonly vectors: readonly ReadonlyVector[]; readonly aggregate: ReadonlyVector | null };
}

/** The default export of every file of this folder but this one; the file's name is the rule's name. */
export interface AggregatorFamily<S extends object = object> {
  readonly name: string;
  /** Where the rule is from. */
  readonly source: string;
  readonly settings: Settings<S>;
  /** It has a meaning for one vector alone: it bounds, and neither ranks nor chooses. */
  readonly single?: true;
  /** It does nothing where a receiver has no vector of its own among what comes: for kinds to peers alone. */
  readonly needsOwn?: true;
  create(settings: S): AggregationRule;
}

export function defineAggregator<S extends object>(family: AggregatorFamily<S>): AggregatorFamily<S> {
  return extension('aggregator', family);
}
