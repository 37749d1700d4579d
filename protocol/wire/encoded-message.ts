import type { Integers, ReadonlyVector } from '../method.js';

export type AnyPayload = Readonly<Record<string, ReadonlyVector | Integers | Uint8Array | number>>;

/** One message: the fixed part and the data of each field, not yet joined (joining a large vector would copy it). */
export interface EncodedMessage {
  readonly fixed: Uint8Array;
  readonly data: readonly Uint8Array[];
  /** Bytes on the wire, padding included. */
  readonly byteLength: number;
  /** Bytes of its vectors as they were before a codec, and after. Known to the sender alone. */
  readonly rawBytes: number;
  readonly payloadBytes: number;
}

/** How the vectors of one kind become bytes. */
export interface VectorPacking {
  encode(field: string, value: ReadonlyVector): Uint8Array;
  decode(field: string, body: Uint8Array, length: number): ReadonlyVector;
}
