import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { countBytes } from '../../../protocol/wire/numbered-link.js';
import { pack } from '../../../protocol/wire/packing.js';
import { frameBytes } from '../hostile-member.js';
import { MESSAGES } from './messages.js';
import { mutatedBytes, mutatedValue } from './mutations.js';
import type { Reach } from './turning-member.js';

/** What a member may send that it should not, as data: a history of them can be made smaller and done again. */
export type Malice =
  | { readonly do: 'text'; readonly bytes: Uint8Array }
  | { readonly do: 'binary'; readonly bytes: Uint8Array }
  | { readonly do: 'emit'; readonly event: string; readonly id: string; readonly bytes: Uint8Array }
  | { readonly do: 'answer'; readonly bytes: Uint8Array }
  | { readonly do: 'frame'; readonly bytes: Uint8Array }
  | { readonly do: 'ping'; readonly bytes: Uint8Array }
  | { readonly do: 'frame text'; readonly bytes: Uint8Array }
  | { readonly do: 'close'; readonly which: 'control' | 'frames'; readonly how: number };

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

const PACKETS = [
  '2',
  '2probe',
  '3',
  '5',
  '6',
  '0{"sid":"x","upgrades":[],"pingInterval":1,"pingTimeout":1,"maxPayload":1}',
  '40',
  '41',
  '42["hello"]',
  '42["done",1]',
  '42["__proto__",{}]',
  '420["hello"]',
  '420["hello",{}]',
  '421["done"]',
  '430[1]',
  '44{"message":"x"}',
  '451-["done",{"_placeholder":true,"num":0}]',
  '4599-["failed",{"_placeholder":true,"num":98}]',
  '461-0[{"_placeholder":true,"num":0}]',
  '40/other,{"token":1}',
  'bAAAA',
].map(bytesOf);

const EVENTS = [
  'hello',
  'done',
  'failed',
  'goodbye',
  'assign',
  'stop',
  'disconnect',
  'connect',
  'error',
  '',
  '__proto__',
];

/** Messages of members, and of others, as they are and changed. */
const messageBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  mutatedBytes(
    Object.values(MESSAGES).flatMap(({ messages }) => messages.map((message) => Uint8Array.from(pack(message)))),
  ),
  ...(['hello', 'done', 'failed', 'ready', 'introduced'] as const).map((name) =>
    mutatedValue(MESSAGES[name]!.messages).map((value) => Uint8Array.from(pack(value))),
  ),
);

const doubles = (...numbers: number[]): Uint8Array => new Uint8Array(Float64Array.from(numbers).buffer);

/** A message of a kind with one vector of four numbers. */
function vectorBody(numbers: Uint8Array): Uint8Array {
  const body = new Uint8Array(8 + numbers.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, numbers.length / 8, true);
  view.setUint32(4, numbers.length, true);
  body.set(numbers, 8);
  return body;
}

function frames(): Uint8Array[] {
  const bodies = [
    vectorBody(doubles(1, 2, 3, 4)),
    vectorBody(doubles(1, Number.NaN, 3, 4)),
    vectorBody(doubles(1, Number.POSITIVE_INFINITY, 3, 4)),
    vectorBody(doubles(1, 2, 3)),
    vectorBody(new Uint8Array(8000)),
    new Uint8Array(0),
  ];
  const whole = bodies.flatMap((body) =>
    [0, 1, 2].map((from) => frameBytes({ from, count: body.length > 0 ? 1 : 0 }, body, crc32(body))),
  );
  const packed = MESSAGES.packed!.messages.map((message) => {
    const body = pack(message);
    const bytes = frameBytes({ from: 0, to: 0, count: 0 }, body, crc32(body));
    bytes[0] = 3;
    return bytes;
  });
  return [...whole, ...packed];
}

/** Headers whose every field may be anything, with the right checksum, so that bodies are read. */
const anyFrame: fc.Arbitrary<Uint8Array> = fc
  .record({
    kind: fc.constantFrom(0, 1, 2, 65535),
    round: fc.constantFrom(0, 1, 5, 4096, 4097, 4294967295),
    step: fc.constantFrom(0, 1, 100, 4294967295),
    from: fc.constantFrom(0, 1, 2, 3, -1, 2147483647),
    to: fc.constantFrom(-1, 0, 2, 3, -2, 2147483647),
    count: fc.constantFrom(0, 1, 2, 1 << 20, 4294967295),
    length: fc.constantFrom(0, 8, 40, 4096),
  })
  .map(({ length, ...header }) => {
    const body = new Uint8Array(length);
    return frameBytes(header, body, crc32(body));
  });

/** Packets of the control connection that no library sends. */
export const packetDeed = fc.oneof(
  mutatedBytes(PACKETS).map((bytes) => ({ do: 'text', bytes }) as const),
  messageBytes.map((bytes) => ({ do: 'binary', bytes }) as const),
);

/** Messages of a socket for frames: frames, seals, texts and counts, changed. */
export const frameDeed = fc.oneof(
  mutatedBytes(frames()).map((bytes) => ({ do: 'frame', bytes }) as const),
  anyFrame.map((bytes) => ({ do: 'frame', bytes }) as const),
  mutatedBytes(PACKETS).map((bytes) => ({ do: 'frame text', bytes }) as const),
  mutatedBytes([countBytes(0), countBytes(1), countBytes(1000)]).map(
    (bytes) => ({ do: 'ping', bytes: bytes.subarray(0, 125) }) as const,
  ),
);

const malice: fc.Arbitrary<Malice> = fc.oneof(
  { weight: 2, arbitrary: packetDeed },
  fc.record({
    do: fc.constant('emit' as const),
    event: fc.oneof(fc.constantFrom('hello', 'done', 'failed'), fc.constantFrom(...EVENTS)),
    id: fc.constantFrom('', '0', '7'),
    bytes: messageBytes,
  }),
  messageBytes.map((bytes) => ({ do: 'answer', bytes }) as const),
  { weight: 4, arbitrary: frameDeed },
  fc.record({
    do: fc.constant('close' as const),
    which: fc.constantFrom('control' as const, 'frames' as const),
    how: fc.constantFrom(0, 1000, 1002, 1009, 4999),
  }),
);

export const histories: fc.Arbitrary<readonly Malice[]> = fc.array(malice, {
  minLength: 1,
  maxLength: 30,
  size: 'max',
});

export function perform(deed: Malice, { member, frames: socket, question }: Reach): void {
  const open = socket && socket.readyState === socket.OPEN ? socket : null;
  switch (deed.do) {
    case 'text':
      return member.text(Buffer.from(deed.bytes).toString('latin1'));
    case 'binary':
      return member.binary(deed.bytes);
    case 'emit':
      return member.emit(deed.event, deed.bytes, deed.id);
    case 'answer':
      return member.answer(question ?? '0', deed.bytes);
    case 'frame':
      open?.send(deed.bytes);
      return;
    case 'ping':
      open?.ping(deed.bytes);
      return;
    case 'frame text':
      open?.send(Buffer.from(deed.bytes).toString('latin1'));
      return;
    case 'close': {
      const closing = deed.which === 'control' ? member.socket : open;
      if (deed.how === 0) closing?.terminate();
      else closing?.close(deed.how);
    }
  }
}
