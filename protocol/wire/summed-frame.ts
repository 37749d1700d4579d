import type { PartyId } from '../method.js';

/** A frame whose one message is in a partial sum: what its receiver counts of it. */
export interface SummedFrame {
  readonly from: PartyId;
  readonly arrivesAtMs: number;
  /** Of the body that was not sent. */
  readonly bodyBytes: number;
}

/** Messages of one step of a kind, from several senders of one process, summed on the grid of the kind's bound. */
export interface PartialSum {
  readonly kindIndex: number;
  readonly round: number;
  readonly attempt: number;
  readonly step: number;
  readonly frames: readonly SummedFrame[];
  /** Of each vector, then of each scalar. */
  readonly sums: readonly Float64Array[];
}
