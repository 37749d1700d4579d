import type { PartyId } from '../method.js';
import { decodeState, encodeState } from './state-codec.js';
import { partyName } from './state-digest.js';

/** All that a party carries from one round to the next: plain data, and everything a checkpoint needs of it. */
export interface PartyRecord {
  readonly state: unknown;
  /** Codec memories by (kind, field, stream). */
  readonly memories: Readonly<Record<string, unknown>>;
  /** Simulated clock, milliseconds. */
  readonly clockMs: number;
  /** The coordinator's, in a run with probes: their states, in the scenario's order. */
  readonly probes?: readonly unknown[];
  readonly undelivered: readonly { readonly kind: string; readonly step: number; readonly to: PartyId }[];
}

export function encodeRecord(party: PartyId, record: PartyRecord): Uint8Array {
  return encodeState(record, partyName(party));
}

/** Throws ERR_STATE when the bytes are not a record. */
export function decodeRecord(party: PartyId, bytes: Uint8Array): PartyRecord {
  return decodeState(bytes, partyName(party)) as PartyRecord;
}

/**
 * What of a record the run's digest covers: state and codec memories. The clock stays out: time that an abandoned attempt took, or
 * of the real clock, must not make two runs with the same numbers differ.
 */
export function digestedRecord(party: PartyId, bytes: Uint8Array): Uint8Array {
  const { state, memories } = decodeRecord(party, bytes);
  return encodeState({ state, memories }, partyName(party));
}
