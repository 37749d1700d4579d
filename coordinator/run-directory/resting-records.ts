import type { ClientIndex, PartyId } from '../../protocol/method.js';
import { encodeRecord, restingClockMs, restingRecord } from '../../protocol/party/record.js';
import { decodeState, encodeState } from '../../protocol/party/state-codec.js';

const PREFIX = 'resting/';

/** Clients and their clocks, simulated ms: an entry of a checkpoint. */
interface Table {
  readonly clients: Uint32Array;
  readonly clocksMs: Float64Array;
}

/**
 * Clients whose records hold a clock and nothing else, as checkpoints have them: in tables of 12 bytes each. An entry of its own
 * would take 200 bytes and more of each, on the disk and in memory, of which a large run has a million.
 */
export class RestingRecords {
  /** By client; NaN: does not rest. */
  private clocks = new Float64Array(0);
  private count = 0;
  /** Entries of the last checkpoint, and how many clients they name. */
  private keys: string[] = [];
  private named = 0;
  /** Number of the next entry. */
  private next = 0;

  /** What a checkpoint says of these parties. `has`: is there an entry of this name? null removes it. */
  entriesOf(parties: ReadonlyMap<PartyId, Uint8Array>, has: (key: string) => boolean): Map<string, Uint8Array | null> {
    const entries = new Map<string, Uint8Array | null>();
    const changed: ClientIndex[] = [];
    for (const [party, bytes] of parties) {
      const key = `party/${party}`;
      const clockMs = party === 'coordinator' ? null : restingClockMs(bytes);
      if (party !== 'coordinator') this.set(party, clockMs ?? Number.NaN);
      if (clockMs === null) entries.set(key, bytes);
      else {
        changed.push(party as ClientIndex);
        if (has(key)) entries.set(key, null);
      }
    }
    if (changed.length === 0) return entries;
    // Tables add up until they name each client twice; then one takes their place.
    const isWhole = this.named + changed.length > 2 * this.count;
    if (isWhole) for (const key of this.keys) entries.set(key, null);
    const key = `${PREFIX}${String(this.next++).padStart(9, '0')}`;
    const clients = isWhole ? this.clients() : Uint32Array.from(changed);
    entries.set(key, encodeState(this.tableOf(clients), key));
    this.keys = isWhole ? [key] : [...this.keys, key];
    this.named = isWhole ? clients.length : this.named + clients.length;
    return entries;
  }

  /** Adds to `parties` the records of clients that rest in these entries, where they have none, and continues from there. */
  restore(entries: ReadonlyMap<string, Uint8Array>, parties: Map<PartyId, Uint8Array>): void {
    this.clocks = new Float64Array(0);
    this.count = 0;
    this.named = 0;
    this.keys = [...entries.keys()].filter((key) => key.startsWith(PREFIX)).sort();
    for (const key of this.keys) {
      const { clients, clocksMs } = decodeState(entries.get(key)!, key) as Table;
      for (const [i, client] of clients.entries()) this.set(client, clocksMs[i]!);
      this.named += clients.length;
    }
    for (const party of parties.keys()) if (party !== 'coordinator') this.set(party, Number.NaN);
    this.next = Number(this.keys.at(-1)?.slice(PREFIX.length) ?? -1) + 1;
    // Those of one round often have the same clock, and then share their bytes.
    let lastMs = Number.NaN;
    let bytes: Uint8Array = new Uint8Array(0);
    for (const client of this.clients()) {
      const clockMs = this.clocks[client]!;
      if (clockMs !== lastMs) bytes = encodeRecord(client, restingRecord(clockMs));
      lastMs = clockMs;
      parties.set(client, bytes);
    }
  }

  private set(client: ClientIndex, clockMs: number): void {
    if (client >= this.clocks.length) {
      if (Number.isNaN(clockMs)) return;
      const before = this.clocks;
      this.clocks = new Float64Array(Math.max(2 * before.length, client + 1)).fill(Number.NaN, before.length);
      this.clocks.set(before);
    }
    this.count += Number(Number.isNaN(this.clocks[client])) - Number(Number.isNaN(clockMs));
    this.clocks[client] = clockMs;
  }

  /** Ascending. */
  private clients(): Uint32Array {
    const clients = new Uint32Array(this.count);
    for (let client = 0, at = 0; at < clients.length; client++)
      if (!Number.isNaN(this.clocks[client])) clients[at++] = client;
    return clients;
  }

  private tableOf(clients: Uint32Array): Table {
    return { clients, clocksMs: Float64Array.from(clients, (client) => this.clocks[client]!) };
  }
}
