import type { PartyId } from '../method.js';
import { assertFinite, decodeState } from './state-codec.js';

/** What a digest over every party's state is made of. The hash itself belongs to the host (browsers hash asynchronously). */

/** Coordinator first, then clients by index: the order in which parties enter a digest. */
export function compareParties(a: PartyId, b: PartyId): number {
  if (a === b) return 0;
  if (a === 'coordinator') return -1;
  if (b === 'coordinator') return 1;
  return a - b;
}

/** `coordinator`, or `client 3`. */
export function partyName(party: PartyId): string {
  return party === 'coordinator' ? 'coordinator' : `client ${party}`;
}

/** Bytes of one party's state: they are a state (ERR_STATE), and finite (ERR_NOT_FINITE): two diverged runs would look equal. */
export function assertCanonicalState(party: PartyId, bytes: Uint8Array): void {
  assertFinite(decodeState(bytes, `${partyName(party)}, state`), party);
}
