// Not 'msgpackr' itself: that brings streams, and a native decoder of strings that would read bytes from outside.
import { Packr } from 'msgpackr/pack';
import { GradswarmError } from '../errors.js';
import { LIMITS } from './limits.js';

// Integers of 64 bits are numbers as others are: which of its forms a number has is its sender’s choice. What is undefined would be
// an extension.
const packr = new Packr({ useRecords: false, int64AsType: 'number', skipValues: [undefined] });

export function pack(message: unknown): Uint8Array {
  return packr.pack(message);
}

/**
 * A msgpack message. Its structure is read before a single object is made of it: a few bytes can stand for many. Throws
 * ERR_PROTOCOL for anything but one message within the limits. `values`: how many values it may hold.
 */
export function unpack(bytes: unknown, values = LIMITS.packedValues): unknown {
  if (!(bytes instanceof Uint8Array)) throw refusal('expected one binary argument');
  const held = checkStructure(bytes, values);
  let message: unknown;
  try {
    message = packr.unpack(bytes);
  } catch {
    // What was sent is not repeated: it may be anything.
    throw refusal('other bytes');
  }
  // Of a key that stands twice one value is left.
  if (valuesIn(message) !== held) throw refusal('a map with a key twice');
  return message;
}

/** Values of a message, keys and containers included. */
function valuesIn(message: unknown): number {
  if (typeof message !== 'object' || message === null || message instanceof Uint8Array) return 1;
  let count = 1;
  if (Array.isArray(message)) for (const each of message) count += typeof each === 'object' ? valuesIn(each) : 1;
  else for (const each of Object.values(message)) count += 1 + valuesIn(each);
  return count;
}

/** Returns how many values there are. Kept beside each container that is open: how many it still misses. */
function checkStructure(bytes: Uint8Array, values: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open: number[] = [];
  let at = 0;
  let left = 1;
  let count = 0;
  while (left > 0) {
    if (++count > values) throw refusal(`more than ${values} values`);
    if (at >= bytes.byteLength) throw refusal('a message that ends too early');
    const { size, string, children } = token(view, bytes[at]!, at);
    if (string > LIMITS.packedStringBytes) throw refusal(`a string of ${string} bytes`);
    at += size + string;
    if (at > bytes.byteLength || children > bytes.byteLength - at) throw refusal('a length beyond the message');
    left--;
    if (children > 0) {
      if (open.length >= LIMITS.packedDepth) throw refusal(`nested deeper than ${LIMITS.packedDepth}`);
      open.push(left);
      left = children;
    }
    while (left === 0 && open.length > 0) left = open.pop()!;
  }
  if (at !== bytes.byteLength) throw refusal('bytes after the message');
  return count;
}

interface Token {
  /** Bytes of the token, those of a string left out. */
  readonly size: number;
  readonly string: number;
  /** Values that belong to it. */
  readonly children: number;
}

const plain = (size: number): Token => ({ size, string: 0, children: 0 });
const text = (head: number, string: number): Token => ({ size: head, string, children: 0 });
const container = (head: number, children: number): Token => ({ size: head, string: 0, children });
const SINGLE = plain(1);
const NUMBERS: Readonly<Record<number, Token>> = {
  202: plain(5),
  203: plain(9),
  204: plain(2),
  205: plain(3),
  206: plain(5),
  207: plain(9),
  208: plain(2),
  209: plain(3),
  210: plain(5),
  211: plain(9),
};

/** By the first byte, as the msgpack specification lists them. Extensions are none of this protocol’s. */
function token(view: DataView, first: number, at: number): Token {
  if (first < 0x80 || first >= 0xe0 || first === 0xc0 || first === 0xc2 || first === 0xc3) return SINGLE;
  if (first < 0x90) return container(1, 2 * (first & 15));
  if (first < 0xa0) return container(1, first & 15);
  if (first < 0xc0) return text(1, first & 31);
  const number = NUMBERS[first];
  if (number) return number;
  const length = (bytes: 1 | 2 | 4): number => {
    if (at + 1 + bytes > view.byteLength) throw refusal('a message that ends too early');
    return bytes === 1 ? view.getUint8(at + 1) : bytes === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1);
  };
  switch (first) {
    case 0xc4:
      return plain(2 + length(1));
    case 0xc5:
      return plain(3 + length(2));
    case 0xc6:
      return plain(5 + length(4));
    case 0xd9:
      return text(2, length(1));
    case 0xda:
      return text(3, length(2));
    case 0xdb:
      return text(5, length(4));
    case 0xdc:
      return container(3, length(2));
    case 0xdd:
      return container(5, length(4));
    case 0xde:
      return container(3, 2 * length(2));
    case 0xdf:
      return container(5, 2 * length(4));
  }
  throw refusal(`type ${first}, which no message has`);
}

function refusal(what: string): GradswarmError {
  return new GradswarmError('ERR_PROTOCOL', `expected msgpack, got ${what}`);
}
