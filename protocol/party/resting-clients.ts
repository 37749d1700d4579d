import type { ClientIndex } from '../method.js';
import { isResting, type PartyRecord, restingRecord } from './record.js';

/** Clients between two rounds whose records hold their clocks and nothing else: 9 bytes each. */
export class RestingClients {
  /** 1: rests. Made with the first; memory that is not written to is not taken. */
  private rests: Uint8Array | null = null;
  private clocks: Float64Array | null = null;

  constructor(private readonly clientCount: number) {}

  /** Keeps the record where it holds no more than a clock, and returns whether it does. */
  add(client: ClientIndex, record: PartyRecord): boolean {
    if (!isResting(record)) return false;
    (this.rests ??= new Uint8Array(this.clientCount))[client] = 1;
    const clocks = (this.clocks ??= new Float64Array(this.clientCount));
    if (clocks[client] !== record.clockMs) clocks[client] = record.clockMs;
    return true;
  }

  record(client: ClientIndex): PartyRecord | null {
    return this.rests?.[client] ? restingRecord(this.clocks![client]!) : null;
  }

  /** The same of a client that rests no longer. */
  take(client: ClientIndex): PartyRecord | null {
    const record = this.record(client);
    if (record) this.rests![client] = 0;
    return record;
  }

  /** Ascending. */
  *[Symbol.iterator](): IterableIterator<ClientIndex> {
    const { rests } = this;
    if (!rests) return;
    for (let client = rests.indexOf(1); client >= 0; client = rests.indexOf(1, client + 1)) yield client;
  }
}
