import type { Absence, PartyId } from '../method.js';

/** Messages that were not delivered: with the scenario and the seed, all that determines a run's numbers. One line of deliveries.jsonl. */
export interface AbsenceRecord {
  readonly round: number;
  readonly kind: string;
  readonly step: number;
  readonly from: PartyId;
  readonly to: PartyId;
  readonly why: Absence['why'];
}

/** What deliveries.jsonl holds for one committed round. */
export interface DeliveryEntry {
  readonly round: number;
  readonly attempt: number;
  readonly cohort: readonly number[];
  /** Invited clients whose worker was lost before the round was done. Left out: none. */
  readonly lost?: readonly number[];
  readonly absences: readonly AbsenceRecord[];
}
