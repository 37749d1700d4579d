import { GradswarmError } from '../errors.js';
import type { PartyId } from '../method.js';

/**
 * Memory of what other processes sent and a party has not read, by sender. When it is more than the bound, the one who has sent
 * most of it is refused: others must not be refused for the bytes that it holds.
 */
export class KeptBytes {
  private total = 0;
  /** Made with the first byte. */
  private bySender: Map<PartyId, number> | null = null;

  constructor(private readonly atMost: number) {}

  add(from: PartyId, bytes: number): void {
    if (bytes === 0) return;
    this.total += bytes;
    this.bySender ??= new Map();
    const own = (this.bySender.get(from) ?? 0) + bytes;
    if (own > 0) this.bySender.set(from, own);
    else this.bySender.delete(from);
  }

  /** Throws ERR_PROTOCOL when it is too much and no other has sent more than this sender. */
  check(from: PartyId): void {
    if (this.total <= this.atMost || !this.bySender) return;
    const own = this.bySender.get(from) ?? 0;
    for (const bytes of this.bySender.values()) if (bytes > own) return;
    throw new GradswarmError('ERR_PROTOCOL', `expected at most ${this.atMost} bytes that wait to be read, got more`);
  }
}
