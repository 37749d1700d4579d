import { GradswarmError } from '../errors.js';
import type { Absence, PartyId } from '../method.js';
import type { EncodedMessage } from './encoded-message.js';
import { LIMITS } from './limits.js';
import type { PartialSum } from './summed-frame.js';

/** See `Frame.release`. */
export type Release = () => void;

/**
 * One frame holds all messages of one kind from one party to one party in one step of one round, possibly none.
 * Its address (kind, round, attempt, step, from, to) makes duplicates harmless and late frames impossible to mistake.
 */
export interface Frame {
  /** Position of the kind's name among the method's kinds, sorted. */
  readonly kindIndex: number;
  readonly round: number;
  readonly attempt: number;
  readonly step: number;
  readonly from: PartyId;
  readonly to: PartyId;
  /** Simulated time in milliseconds at which it reaches the receiver. */
  readonly arrivesAtMs: number;
  /** Set when the sender's host judged it lost: the header travels alone, so that no receiver waits. */
  readonly lost: Absence['why'] | null;
  readonly messages: readonly EncodedMessage[];
  /** Set by a network fault: the body as it arrives, and the checksum of the body that was sent. */
  readonly tampered?: { readonly body: Uint8Array; readonly checksum: number };
  /** Set by the receiver's process: memory that the frame takes there. Does not travel. */
  readonly receivedBytes?: number;
  /**
   * Called once: its body is not read any more, and the memory of it may be filled with another. A reader of this process calls it, or
   * whatever has carried the frame to another one. Left out: that memory is not used again. Does not travel.
   */
  readonly release?: Release;
  /** Its messages are in a sum that came in place of several frames; this is one of them. Does not travel. */
  readonly summed?: PartialSum;
  /** Wall clock only: real milliseconds that the sender's host keeps the frame back. Does not travel. */
  readonly heldMs?: number;
}

export type FrameAddress = Pick<Frame, 'kindIndex' | 'round' | 'attempt' | 'step' | 'from' | 'to'>;

/** First byte of every websocket message. */
export const MESSAGE_TYPE = { frame: 1, chunk: 2, packed: 3, repeat: 4 } as const;

/** Offset, type, name and meaning of the fields of a frame's header, little-endian. The rest of it is 0. */
export const FRAME_LAYOUT = [
  [0, 'u8', 'type', ''],
  [1, 'u8', 'lost', '0 no, else the reason (below); a lost frame has no body'],
  [2, 'u16', 'kindIndex', 'position of the kind’s name among the method’s kinds, sorted by code unit'],
  [4, 'u32', 'round', ''],
  [8, 'u32', 'step', ''],
  [12, 'u32', 'attempt', ''],
  [16, 'i32', 'from', 'party; the coordinator is −1'],
  [20, 'i32', 'to', 'party; the coordinator is −1'],
  [24, 'f64', 'arrivesAtMs', 'simulated, finite, ≥ 0'],
  [32, 'u32', 'messageCount', 'messages in the body, 0 allowed'],
  [36, 'u32', 'bodyBytes', 'bytes of the body'],
  [40, 'u32', 'checksum', 'CRC-32 of the body; 0 where it comes in chunks'],
  [44, 'u32', 'chunkStream', '0: the body follows; else the stream of its chunks'],
] as const;
/** Of a chunk's header, after which its bytes come. Its checksum is that of the whole body in the last chunk, 0 in the others. */
export const CHUNK_LAYOUT = [
  [0, 'u8', 'type', ''],
  [4, 'u32', 'stream', 'that of its header'],
  [8, 'f64', 'offset', 'of the part in the body'],
  [16, 'u32', 'bytes', 'of the part'],
  [20, 'u32', 'checksum', 'CRC-32 of the whole body in the last chunk, else 0'],
] as const;
export const FRAME_HEADER_BYTES = 48;
export const CHUNK_HEADER_BYTES = 24;

export const LOSSES: readonly Absence['why'][] = ['crashed', 'dropped', 'late', 'rejected', 'aborted'];
const COORDINATOR = -1;

export const partyNumber = (party: PartyId): number => (party === 'coordinator' ? COORDINATOR : party);
const partyOf = (number: number): PartyId => (number === COORDINATOR ? 'coordinator' : number);

export function bodyBytes(frame: Pick<Frame, 'messages'>): number {
  let total = 0;
  for (const message of frame.messages) total += message.byteLength;
  return total;
}

/** Bytes of a websocket frame around `payload` bytes: 2, 4 or 10, and 4 more for a client's mask. */
function websocketBytes(payload: number, masked: boolean): number {
  return payload + (payload < 126 ? 2 : payload < 65536 ? 4 : 10) + (masked ? 4 : 0);
}

/**
 * Bytes that the sender's socket carries for a frame with `body` bytes: header, chunk headers and websocket framing included.
 * `masked`: sent by a websocket client, that is by a worker.
 */
export function wireBytes(body: number, masked: boolean): number {
  if (body <= LIMITS.chunkBytes) return websocketBytes(FRAME_HEADER_BYTES + body, masked);
  let total = websocketBytes(FRAME_HEADER_BYTES, masked);
  for (let left = body; left > 0; left -= LIMITS.chunkBytes)
    total += websocketBytes(CHUNK_HEADER_BYTES + Math.min(left, LIMITS.chunkBytes), masked);
  return total;
}

/** The same of a frame as its sender's socket carries it. */
export function wireBytesOf(frame: Pick<Frame, 'messages' | 'from'>): number {
  return wireBytes(bodyBytes(frame), frame.from !== 'coordinator');
}

/** Bytes of the websocket messages that carry a frame with `body` bytes by itself, their framing left out. */
export function frameBytes(body: number): number {
  const chunks = body <= LIMITS.chunkBytes ? 0 : Math.ceil(body / LIMITS.chunkBytes);
  return FRAME_HEADER_BYTES + body + CHUNK_HEADER_BYTES * chunks;
}

const PADDING = new Uint8Array(8);

/** What the body is made of, one after the other, padding included: views of the messages, no copy. */
export function bodyParts(frame: Pick<Frame, 'messages'>): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const message of frame.messages) {
    parts.push(message.fixed);
    for (const data of message.data) {
      parts.push(data);
      const padding = -data.byteLength & 7;
      if (padding > 0) parts.push(PADDING.subarray(0, padding));
    }
  }
  return parts;
}

/** The body in one piece. */
export function joinBody(frame: Pick<Frame, 'messages'>): Uint8Array {
  const joined = new Uint8Array(bodyBytes(frame));
  let at = 0;
  for (const part of bodyParts(frame)) {
    joined.set(part, at);
    at += part.byteLength;
  }
  return joined;
}

/** What the header of a frame says of its body. */
export interface WireBody {
  readonly messageCount: number;
  readonly bodyBytes: number;
  readonly checksum: number;
  readonly chunkStream: number;
}

/** A frame as it lies on the wire, its body not yet cut into messages. */
export interface WireFrame extends Omit<Frame, 'messages'>, WireBody {}

/** Writes all bytes of the header. */
export function writeHeader(
  into: Uint8Array,
  frame: Omit<Frame, 'messages'>,
  body: WireBody,
  type: typeof MESSAGE_TYPE.frame | typeof MESSAGE_TYPE.repeat = MESSAGE_TYPE.frame,
): void {
  const view = new DataView(into.buffer, into.byteOffset, FRAME_HEADER_BYTES);
  view.setUint8(0, type);
  view.setUint8(1, frame.lost === null ? 0 : 1 + LOSSES.indexOf(frame.lost));
  view.setUint16(2, frame.kindIndex, true);
  view.setUint32(4, frame.round, true);
  view.setUint32(8, frame.step, true);
  view.setUint32(12, frame.attempt, true);
  view.setInt32(16, partyNumber(frame.from), true);
  view.setInt32(20, partyNumber(frame.to), true);
  view.setFloat64(24, frame.arrivesAtMs, true);
  view.setUint32(32, body.messageCount, true);
  view.setUint32(36, body.bodyBytes, true);
  view.setUint32(40, body.checksum, true);
  view.setUint32(44, body.chunkStream, true);
}

/** Reads and checks a header, of a frame or a repeat. `clientCount`, `kindCount`: of this run. */
export function readHeader(bytes: Uint8Array, clientCount: number, kindCount: number): WireFrame {
  if (bytes.byteLength < FRAME_HEADER_BYTES)
    throw malformed(`expected a header of ${FRAME_HEADER_BYTES} bytes, got ${bytes.byteLength}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_HEADER_BYTES);
  const lossCode = view.getUint8(1);
  const from = view.getInt32(16, true);
  const to = view.getInt32(20, true);
  const frame: WireFrame = {
    kindIndex: view.getUint16(2, true),
    round: view.getUint32(4, true),
    step: view.getUint32(8, true),
    attempt: view.getUint32(12, true),
    from: partyOf(from),
    to: partyOf(to),
    arrivesAtMs: view.getFloat64(24, true),
    lost: lossCode === 0 ? null : (LOSSES[lossCode - 1] ?? null),
    messageCount: view.getUint32(32, true),
    bodyBytes: view.getUint32(36, true),
    checksum: view.getUint32(40, true),
    chunkStream: view.getUint32(44, true),
  };
  const type = view.getUint8(0);
  if (type !== MESSAGE_TYPE.frame && type !== MESSAGE_TYPE.repeat)
    throw malformed(`expected message type 1, got ${type}`);
  if (lossCode > LOSSES.length) throw malformed(`unknown loss code ${lossCode}`);
  if (frame.kindIndex >= kindCount) throw malformed(`kind ${frame.kindIndex} of ${kindCount}`);
  if (from < COORDINATOR || from >= clientCount || to < COORDINATOR || to >= clientCount)
    throw malformed(`parties ${from} -> ${to} in a run of ${clientCount} clients`);
  if (!(frame.arrivesAtMs >= 0 && Number.isFinite(frame.arrivesAtMs)))
    throw malformed(`arrival time ${frame.arrivesAtMs}`);
  if (frame.messageCount > LIMITS.messagesPerFrame) throw malformed(`${frame.messageCount} messages`);
  if (frame.bodyBytes > LIMITS.frameBodyBytes) throw malformed(`a body of ${frame.bodyBytes} bytes`);
  if (frame.lost !== null && frame.bodyBytes !== 0) throw malformed('a lost frame with a body');
  return frame;
}

function malformed(what: string): GradswarmError {
  return new GradswarmError('ERR_FRAME_MALFORMED', what);
}
