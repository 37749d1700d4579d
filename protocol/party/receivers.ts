import type { PartyId } from '../method.js';
import type { EncodedMessage } from '../wire/encoded-message.js';
import type { Frame, Release } from '../wire/frame.js';

export const COORDINATOR_ONLY: readonly PartyId[] = ['coordinator'];
/** Of a frame to a possible receiver that is not meant. */
export const NO_MESSAGES: Frame['messages'] = [];

export function sameList(a: readonly PartyId[], b: readonly PartyId[]): boolean {
  return a.length === b.length && a.every((party, i) => party === b[i]);
}

/** The messages of one post by their receivers. */
export class Parcels {
  private readonly byReceiver = new Map<PartyId, { readonly messages: EncodedMessage[]; readonly frees: Release[] }>();

  /** `free`: called when this message is not read any more; null: nothing is to be called. */
  add(to: PartyId, { message, free }: { readonly message: EncodedMessage; readonly free: Release | null }): void {
    let parcel = this.byReceiver.get(to);
    if (!parcel) this.byReceiver.set(to, (parcel = { messages: [], frees: [] }));
    parcel.messages.push(message);
    if (free) parcel.frees.push(free);
  }

  get size(): number {
    return this.byReceiver.size;
  }

  has(to: PartyId): boolean {
    return this.byReceiver.has(to);
  }

  messagesFor(to: PartyId): Frame['messages'] {
    return this.byReceiver.get(to)?.messages ?? NO_MESSAGES;
  }

  /** Of the frame with these messages. */
  releaseFor(to: PartyId): Release | undefined {
    const frees = this.byReceiver.get(to)?.frees ?? [];
    if (frees.length === 0) return undefined;
    return () => {
      for (const free of frees) free();
    };
  }
}
