import { createHash } from 'node:crypto';
import type { PartyId } from '../../protocol/method.js';
import { assertCanonicalState, compareParties, partyName } from '../../protocol/party/state-digest.js';

/** SHA-256, lower-case hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * SHA-256 over every party's final state: over the lines `<party> <SHA-256 of its bytes>\n`, coordinator first, then clients
 * by index. Kept up to date one party at a time, so that a round costs its cohort and not all clients.
 */
export class StateDigest {
  private readonly hashes = new Map<PartyId, string>();

  /**
   * Sets the party's state, in the bytes of `encodeState`. ERR_STATE when they are not a state, ERR_NOT_FINITE when it
   * holds NaN or an infinity. Returns the SHA-256 of the bytes.
   */
  set(party: PartyId, bytes: Uint8Array): string {
    assertCanonicalState(party, bytes);
    const hash = sha256(bytes);
    this.hashes.set(party, hash);
    return hash;
  }

  get partyCount(): number {
    return this.hashes.size;
  }

  /** Over all parties set so far. */
  digest(): string {
    const hash = createHash('sha256');
    const parties = [...this.hashes.keys()].sort(compareParties);
    for (const party of parties) hash.update(lineOf(party, this.hashes.get(party)!));
    return hash.digest('hex');
  }
}

function lineOf(party: PartyId, hash: string): string {
  return `${partyName(party)} ${hash}\n`;
}

/**
 * The digest of parties that come in the order of `compareParties`, each once: nothing is kept of one, of which there may be a million.
 * Clients of a method that keeps nothing may share their bytes, which are then hashed once.
 */
export function orderedDigest(parties: Iterable<readonly [PartyId, Uint8Array]>): string {
  const hash = createHash('sha256');
  let last: Uint8Array | null = null;
  let ofLast = '';
  for (const [party, bytes] of parties) {
    if (bytes !== last) {
      assertCanonicalState(party, bytes);
      ofLast = sha256(bytes);
    }
    last = bytes;
    hash.update(lineOf(party, ofLast));
  }
  return hash.digest('hex');
}

/** The digest of all parties at once, in whatever order they come; of a party named twice the last state counts. */
export function stateDigest(parties: Iterable<readonly [PartyId, Uint8Array]>): string {
  const digest = new StateDigest();
  for (const [party, bytes] of parties) digest.set(party, bytes);
  return digest.digest();
}
