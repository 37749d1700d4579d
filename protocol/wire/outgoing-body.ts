import type { Frame } from './frame.js';

/** A body on its way out: the parts that make it up, and how much of them has been cut off. */
export interface OutgoingBody {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly stream: number;
  readonly counted: boolean;
  /** Known beforehand, or null: then it is summed as the body is cut. */
  readonly checksum: number | null;
  readonly messages: Frame['messages'] | null;
  sum: number;
  at: number;
  part: number;
  partAt: number;
}

export function joinInto(message: Uint8Array, at: number, parts: readonly Uint8Array[]): void {
  for (const part of parts) {
    message.set(part, at);
    at += part.byteLength;
  }
}

/** Fills the message, from position `at` on, with what comes next of the body. */
export function cutInto(message: Uint8Array, at: number, body: OutgoingBody): void {
  while (at < message.byteLength) {
    const part = body.parts[body.part]!;
    const length = Math.min(message.byteLength - at, part.byteLength - body.partAt);
    message.set(part.subarray(body.partAt, body.partAt + length), at);
    at += length;
    body.partAt += length;
    if (body.partAt < part.byteLength) return;
    body.part++;
    body.partAt = 0;
  }
}
