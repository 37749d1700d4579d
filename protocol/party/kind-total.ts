import { MessageRefused } from '../errors.js';
import type { RunConstants, Vector } from '../method.js';
import type { AnyPayload } from '../wire/encoded-message.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import type { PartialSum } from '../wire/summed-frame.js';
import { FieldSums } from './field-sums.js';

/** The largest magnitude of an entry that the kind declares; null: it declares none, and its messages are sent one by one. */
export function declaredBound({ kind }: KindLayout, run: RunConstants<unknown>): number | null {
  return kind.summed?.(run) ?? null;
}

/** Most messages of so many senders in one step. Of a kind that declares its bound a sender has one, unless `most` says otherwise. */
function mostTerms({ kind: { summed, most = 1 } }: KindLayout, senders: number): number {
  return Math.max(1, summed ? most * senders : senders);
}

/** The total of one step of a kind: of messages, and of sums that were formed where their senders live. */
export class KindTotal {
  private readonly sums: FieldSums;
  /** Sums that came, and how many of their frames. */
  private readonly parts = new Map<PartialSum, number>();

  constructor(
    private readonly layout: KindLayout,
    bound: number,
    senders: number,
  ) {
    this.sums = new FieldSums(layout, bound, mostTerms(layout, senders));
  }

  /** Messages added. */
  get count(): number {
    return this.sums.count;
  }

  /** False, and nothing added, for a message beyond the bound. */
  add(message: AnyPayload): boolean {
    return this.sums.add(message);
  }

  /** One frame of a sum. */
  part({ summed: sum }: Frame): void {
    if (sum) this.parts.set(sum, (this.parts.get(sum) ?? 0) + 1);
  }

  /**
   * Adds the sums. `like` makes a vector as those of the messages. Throws MessageRefused for one whose messages came otherwise too, and
   * for one that no messages within the bound have.
   */
  addParts(like: () => Vector): void {
    for (const [{ frames, sums }, came] of this.parts) {
      if (came !== frames.length)
        throw new MessageRefused(frames[0]!.from, this.layout.name, 'sums of messages that come in no other way');
      if (!this.sums.addAll(sums, frames.length, like()))
        throw new MessageRefused(frames[0]!.from, this.layout.name, 'a sum on the grid of messages within the bound');
    }
  }

  /** The sums as they are, on the grid: what `sums` of a partial sum hold. */
  get exact(): readonly Float64Array[] {
    return this.sums.parts;
  }

  value(empty: Vector): AnyPayload {
    return this.sums.value(empty);
  }
}
