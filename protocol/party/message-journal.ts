import type { Memory } from '../codecs/memory.js';
import type { PartyId, ReadonlyVector } from '../method.js';

/** A message that was encoded through a memory, until it is known whom it reached. */
export interface JournalEntry {
  readonly kind: string;
  readonly step: number;
  readonly value: ReadonlyVector;
  readonly decoded: ReadonlyVector;
  readonly receivers: readonly PartyId[];
}

/** Did this receiver do without the message? */
export type Missed = (kind: string, step: number, to: PartyId) => boolean;

interface Line {
  readonly memory: Memory;
  /** The memory's state when the round began. */
  readonly before: unknown;
  readonly entries: JournalEntry[];
}

/**
 * What a party sent in one round through each memory. A memory is settled at once, as if every message arrived; once the round
 * is over, the memories of messages that reached no receiver are recomputed, so that they keep what was lost. A broadcast
 * that reached one receiver counts as delivered: there is one memory, and it cannot be right for both.
 */
export class MessageJournal {
  /** Made with the first message: a party has one journal in each round. */
  private lines: Map<string, Line> | null = null;

  note(key: string, memory: Memory, before: unknown, entry: JournalEntry): void {
    this.lines ??= new Map();
    const line = this.lines.get(key);
    if (line) line.entries.push(entry);
    else this.lines.set(key, { memory, before, entries: [entry] });
  }

  /** States of the memories that change because a message reached none of its receivers. */
  putBack(missed: Missed): Readonly<Record<string, unknown>> {
    const changed: Record<string, unknown> = {};
    for (const [key, { memory, before, entries }] of this.lines ?? []) {
      const lost = entries.map(
        ({ kind, step, receivers }) => receivers.length > 0 && receivers.every((to) => missed(kind, step, to)),
      );
      if (!lost.includes(true)) continue;
      let state = before;
      for (const [i, { value, decoded }] of entries.entries()) {
        const prepared = memory.prepare(state, value);
        state = lost[i] ? memory.lost(state, value, prepared, decoded) : memory.settle(state, value, prepared, decoded);
      }
      changed[key] = state;
    }
    return changed;
  }
}
