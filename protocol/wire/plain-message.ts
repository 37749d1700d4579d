import type { PartyId } from '../method.js';
import type { AnyPayload, EncodedMessage } from './encoded-message.js';

/** What the layout of its kind does for a message without a codec. */
interface PlainLayout {
  vectorBytes(payload: AnyPayload): number;
  byteLength(payload: AnyPayload): number;
  checkNumbers(payload: AnyPayload, decoded: boolean): void;
  pack(payload: AnyPayload, packing: null): EncodedMessage;
}

/**
 * A message that no codec has touched. A receiver in the same process reads the payload itself; the bytes are made when it
 * leaves the process, or when a fault needs them. (A small typed array has no buffer of its own until it is accessed,
 * which costs more than the rest of a small message.)
 */
export class PlainMessage implements EncodedMessage {
  readonly byteLength: number;
  readonly rawBytes: number;
  private packed: EncodedMessage | null = null;
  private checked = false;

  constructor(
    private readonly layout: PlainLayout,
    readonly payload: AnyPayload,
  ) {
    this.rawBytes = layout.vectorBytes(payload);
    this.byteLength = layout.byteLength(payload);
  }

  get payloadBytes(): number {
    return this.rawBytes;
  }
  get fixed(): Uint8Array {
    return this.bytes.fixed;
  }
  get data(): readonly Uint8Array[] {
    return this.bytes.data;
  }

  /** What all receivers would check, once. */
  checkOnce(): void {
    if (this.checked) return;
    this.layout.checkNumbers(this.payload, false);
    this.checked = true;
  }

  /** The payload as a new object: a receiver may keep it. (Of the ways to write this the quickest by far.) */
  receivedFrom(from: PartyId): AnyPayload & { from: PartyId } {
    const received = Object.assign({ from }, this.payload) as AnyPayload & { from: PartyId };
    received.from = from;
    return received;
  }

  private get bytes(): EncodedMessage {
    return (this.packed ??= this.layout.pack(this.payload, null));
  }
}
