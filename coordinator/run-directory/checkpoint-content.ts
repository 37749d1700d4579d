import type { PartyId } from '../../protocol/method.js';
import { decodeState, encodeState } from '../../protocol/party/state-codec.js';
import type { StoredCheckpoint } from './checkpoint-store.js';
import type { RestingRecords } from './resting-records.js';

export interface CheckpointContent {
  /** Rounds that are done. */
  readonly round: number;
  /** Bytes of `encodeState`, of the parties whose state may have changed since the last checkpoint; the others are kept. */
  readonly parties: ReadonlyMap<PartyId, Uint8Array>;
  /** The same for codec memories, by a key of the caller's; null removes one. */
  readonly codecMemories?: ReadonlyMap<string, Uint8Array | null>;
  /** Privacy ledger: plain data. */
  readonly ledger?: unknown;
  /** The best round so far and its model: plain data, written again only where it has changed. Left out: none. */
  readonly best?: unknown;
  /** What else the host must find again (rule states, clocks): plain data. */
  readonly extra?: unknown;
}

export interface RestoredCheckpoint {
  readonly round: number;
  /** Every party that had a state, not only those that changed last. */
  readonly parties: ReadonlyMap<PartyId, Uint8Array>;
  readonly codecMemories: ReadonlyMap<string, Uint8Array>;
  readonly ledger: unknown;
  readonly extra: unknown;
  /** undefined: none. */
  readonly best: unknown;
}

/** Bytes by key, as the store keeps them; null removes one. `has`: does it keep one? */
export function entriesOf(
  content: CheckpointContent,
  resting: RestingRecords,
  has: (key: string) => boolean,
): ReadonlyMap<string, Uint8Array | null> {
  const entries = resting.entriesOf(content.parties, has);
  for (const [key, bytes] of content.codecMemories ?? []) entries.set(`memory/${key}`, bytes);
  entries.set('ledger', encodeState(content.ledger ?? null, 'ledger'));
  entries.set('extra', encodeState(content.extra ?? null, 'extra'));
  if (content.best !== undefined) entries.set('best', encodeState(content.best, 'best'));
  return entries;
}

export function contentOf({ round, entries }: StoredCheckpoint, resting: RestingRecords): RestoredCheckpoint {
  const parties = new Map<PartyId, Uint8Array>();
  const codecMemories = new Map<string, Uint8Array>();
  for (const [key, bytes] of entries) {
    if (key.startsWith('party/')) parties.set(partyOf(key.slice(6)), bytes);
    else if (key.startsWith('memory/')) codecMemories.set(key.slice(7), bytes);
  }
  resting.restore(entries, parties);
  const plain = (key: string) => decodeState(entries.get(key)!, `checkpoint of round ${round}, ${key}`);
  return {
    round,
    parties,
    codecMemories,
    ledger: plain('ledger'),
    extra: plain('extra'),
    best: entries.has('best') ? plain('best') : undefined,
  };
}

function partyOf(text: string): PartyId {
  return text === 'coordinator' ? text : Number(text);
}
