import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { loadCodec } from '../../../protocol/codecs/registry.js';
import type { MessageKind, Precision } from '../../../protocol/method.js';
import { PostOffice } from '../../../protocol/party/post-office.js';
import { decodeRecord, encodeRecord } from '../../../protocol/party/record.js';
import { decodeState, encodeState } from '../../../protocol/party/state-codec.js';
import { Admission, provenQuery } from '../../../protocol/sockets/admission.js';
import { checked, packed } from '../../../protocol/wire/control-messages.js';
import type { Frame } from '../../../protocol/wire/frame.js';
import { FrameChannel } from '../../../protocol/wire/frame-channel.js';
import { type KindLayout, layoutsOf } from '../../../protocol/wire/layout.js';
import { openFrame } from '../../../protocol/wire/open-frame.js';
import { pack, unpack } from '../../../protocol/wire/packing.js';
import { INPUTS, stream } from '../../../scenarios/check/parts/codec-inputs.js';
import { everyCodecSpec } from '../codec-specs.js';
import { MESSAGES } from './messages.js';
import { mutatedBytes, mutatedValue } from './mutations.js';
import type { Reader } from './survey.js';

/** Readers of what comes over sockets. */

function ensure(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken promise: ${what}`);
}

function ensureNotPolluted(): void {
  ensure(!('polluted' in {}), 'Object.prototype was changed');
}

const finite = (vector: Iterable<number>): boolean => {
  for (const value of vector) if (!Number.isFinite(value)) return false;
  return true;
};

/** msgpack: from any bytes, and from changed messages. */
function packings(): readonly Reader<never>[] {
  const corpus = Object.values(MESSAGES).flatMap(({ messages }) =>
    messages.map((message) => Uint8Array.from(pack(message))),
  );
  const bytes: Reader = {
    name: 'msgpack',
    inputs: fc.oneof({ weight: 4, arbitrary: mutatedBytes(corpus) }, { weight: 1, arbitrary: anyBytes() }),
    refuses: ['ERR_PROTOCOL'],
    weight: 3,
    read(input) {
      const value = unpack(input);
      ensureNotPolluted();
      pack(value);
    },
  };
  const schemas = Object.entries(MESSAGES).map(
    ([name, { schema, messages }]): Reader<unknown> => ({
      name: `control message '${name}'`,
      inputs: mutatedValue(messages),
      refuses: ['ERR_PROTOCOL'],
      weight: name === 'done' || name === 'packed' || name === 'assign' ? 1 : 0.4,
      read(input) {
        const value = checked(schema, unpack(pack(input)), name);
        ensureNotPolluted();
        ensure(Object.getPrototypeOf(value) === Object.prototype, 'a message is a plain record');
      },
    }),
  );
  return [bytes, ...schemas] as unknown as readonly Reader<never>[];
}

const anyBytes = (): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));

const KINDS: Readonly<Record<string, MessageKind>> = {
  update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'] },
  mixed: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['a', 'b'],
    otherLengths: ['b'],
    integers: ['counts'],
    bytes: ['mask'],
    scalars: ['loss'],
  },
  empty: { from: 'coordinator', to: 'cohort' },
};
const PARAMETERS = 4;
const CLIENTS = 3;

const layoutsIn = (precision: Precision): readonly KindLayout[] =>
  [...layoutsOf(KINDS, precision, PARAMETERS).values()].sort((a, b) => a.index - b.index);

/** Messages of one websocket, one after the other: three bytes of length, then the message. */
function joined(messages: readonly Uint8Array[]): Uint8Array {
  const parts = messages.flatMap((message) => [
    Uint8Array.of(message.length & 255, (message.length >> 8) & 255, message.length >> 16),
    message,
  ]);
  return Uint8Array.from(Buffer.concat(parts));
}

function* separated(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 3 <= bytes.length; ) {
    const length = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    at += 3;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

const CHANNEL = {
  clientCount: CLIENTS,
  kindCount: 3,
  maxBodyBytes: 1 << 20,
  maxPackedBytes: 1 << 20,
  crc32: (bytes: Uint8Array, previous?: number) => crc32(bytes, previous),
};

/** What a channel sends for these frames and packed messages. */
function sent(frames: readonly Frame[], packedBodies: readonly Uint8Array[]): Uint8Array {
  const messages: Uint8Array[] = [];
  const channel = new FrameChannel(
    { bufferedAmount: 0, send: (message) => void messages.push(Uint8Array.from(message)) },
    CHANNEL,
  );
  for (const frame of frames) channel.send({ type: 'frame', frame });
  for (const body of packedBodies) channel.send({ type: 'packed', body });
  return joined(messages);
}

/** A frame in two chunks, as the layout of the text says: this sender cuts only bodies above a megabyte. */
function inChunks(whole: Uint8Array): Uint8Array {
  const [frame] = [...separated(whole)];
  const header = frame!.slice(0, 48);
  const body = frame!.subarray(48);
  new DataView(header.buffer).setUint32(44, 7, true);
  const half = body.length >> 1;
  const chunks = [body.subarray(0, half), body.subarray(half)].map((part, i) => {
    const chunk = new Uint8Array(24 + part.length);
    const view = new DataView(chunk.buffer);
    view.setUint8(0, 2);
    view.setUint32(4, 7, true);
    view.setFloat64(8, i === 0 ? 0 : half, true);
    view.setUint32(16, part.length, true);
    view.setUint32(20, i === 0 ? 0 : crc32(body), true);
    chunk.set(part, 24);
    return chunk;
  });
  return joined([header, ...chunks]);
}

/** So that changed bodies are read further than their checksum. */
function withRightChecksums(bytes: Uint8Array): Uint8Array {
  const messages = [...separated(bytes)].map((message) => {
    const result = message.slice();
    if (result.length < 48 || result[0] === 2) return result;
    const view = new DataView(result.buffer);
    if (view.getUint32(44, true) !== 0) return result;
    view.setUint32(36, result.length - 48, true);
    view.setUint32(40, crc32(result.subarray(48)), true);
    return result;
  });
  return joined(messages);
}

function framesOf(layouts: readonly KindLayout[], precision: Precision): readonly Frame[] {
  const numbers = precision === 'float32' ? Float32Array : Float64Array;
  const payloads: Readonly<Record<string, Parameters<KindLayout['encode']>[0]>> = {
    update: { delta: numbers.of(1, -2, 3, 0.5), examples: 9 },
    mixed: {
      a: numbers.of(1, 2, 3, 4),
      b: numbers.of(5, 6, 7, 8, 9, 10),
      counts: Int32Array.of(1, -1, 2),
      mask: Uint8Array.of(1, 2, 3),
      loss: 0.25,
    },
    empty: {},
  };
  return layouts.map((layout) => ({
    kindIndex: layout.index,
    round: 3,
    attempt: 0,
    step: 0,
    from: layout.name === 'empty' ? 'coordinator' : 1,
    to: layout.name === 'empty' ? 1 : 'coordinator',
    arrivesAtMs: 1.5,
    lost: null,
    messages: [layout.encode(payloads[layout.name]!, null)],
  }));
}

/** All that one connection sends: frames, chunks and packed messages, through channel, layout and office. */
function connections(precision: Precision, checksums: 'as they are' | 'right'): Reader {
  const layouts = layoutsIn(precision);
  const frames = framesOf(layouts, precision);
  const seals = pack({
    type: 'seals',
    seals: [{ round: 3, attempt: 0, from: 1, counts: [1, 1, 0], to: ['coordinator'] }],
  });
  const corpus = [
    sent(frames, [seals]),
    ...frames.map((frame) => sent([frame], [])),
    inChunks(sent([frames[0]!], [])),
    inChunks(sent([frames.find(({ kindIndex }) => layouts[kindIndex]!.name === 'mixed')!], [])),
    sent([{ ...frames[0]!, lost: 'dropped', messages: [] }], []),
    sent([], [seals]),
  ];
  const keptBytes = 1 << 16;
  return {
    name: `frames, chunks and seals of a connection, ${precision}, checksums ${checksums}`,
    inputs: checksums === 'right' ? mutatedBytes(corpus).map(withRightChecksums) : mutatedBytes(corpus),
    refuses: ['ERR_FRAME_MALFORMED', 'ERR_FRAME_LENGTH', 'ERR_FRAME_CHECKSUM', 'ERR_PROTOCOL'],
    weight: 4,
    read(input) {
      const channel = new FrameChannel({ bufferedAmount: 0, send: () => {} }, CHANNEL);
      const office = new PostOffice(layouts, { mode: 'fast', remote: null, shuffle: null, keptBytes });
      office.register('coordinator');
      const box = office.open('coordinator', 3, 0);
      for (const message of separated(input)) {
        const incoming = channel.receive(message);
        if (!incoming) continue;
        if (incoming.type === 'packed') {
          const value = checked(packed, unpack(incoming.body), 'packed message');
          if (value.type === 'seals') for (const { to, ...seal } of value.seals) office.receiveSeal(seal, to);
          continue;
        }
        const frame = openFrame(incoming, layouts);
        office.receive(frame);
        const arrival = box.arrival(frame.kindIndex, frame.step, frame.from);
        if (arrival === null || typeof arrival === 'string') continue;
        for (const each of arrival.messages) readMessage(layouts[frame.kindIndex]!, each, frame.from);
      }
      office.close(box);
    },
  };
}

/** Whatever is read has the length of the model and is finite; what is not is refused by name. */
function readMessage(layout: KindLayout, message: Parameters<KindLayout['decode']>[0], from: Frame['from']): void {
  let payload: ReturnType<KindLayout['decode']>;
  try {
    payload = layout.decode(message, from, null);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ERR_NOT_FINITE' || code === 'ERR_FRAME_LENGTH') return;
    throw error;
  }
  for (const field of layout.vectors) {
    const vector = payload[field] as Float64Array;
    ensure(finite(vector), `vector '${field}' is finite`);
    ensure(field === 'b' || vector.length === PARAMETERS, `vector '${field}' has the length of the model`);
  }
  for (const field of layout.scalars) ensure(Number.isFinite(payload[field]), `scalar '${field}' is finite`);
}

/** Every codec with its defaults and variants, over both precisions. */
async function codecPayloads(): Promise<readonly Reader[]> {
  const readers: Reader[] = [];
  for (const spec of await everyCodecSpec()) {
    const codec = await loadCodec(spec);
    const length = 37;
    for (const precision of ['float32', 'float64'] as const) {
      const corpus = Object.values(INPUTS).map((make) =>
        Uint8Array.from(codec.encode(make(length, precision), stream(1, precision))),
      );
      readers.push({
        name: `codec ${JSON.stringify(spec)}, ${precision}`,
        inputs: mutatedBytes(corpus),
        refuses: ['ERR_CODEC_MALFORMED', 'ERR_CODEC_NOT_FINITE'],
        weight: 0.35,
        read(input) {
          const decoded = codec.decode(input, length, precision);
          ensure(decoded.length === length, `${length} numbers, got ${decoded.length}`);
          ensure(decoded.BYTES_PER_ELEMENT === (precision === 'float32' ? 4 : 8), 'numbers of the precision');
          ensure(finite(decoded), 'finite numbers');
        },
      });
    }
  }
  return readers;
}

/** Records and states: what is read is written back as the same bytes. */
function states(): readonly Reader[] {
  const record = {
    state: { params: Float64Array.of(1, 2), count: 3, name: 'x', list: [1, null, true, { a: -0.5 }] },
    memories: { 'update/delta/': { residual: Float32Array.of(1) } },
    clockMs: 12.5,
    undelivered: [{ kind: 'update', step: 0, to: 2 }],
  };
  const corpus = [
    encodeRecord(1, record),
    encodeState([Float64Array.of(1, 2, 3), new BigInt64Array(2), new Uint8ClampedArray(3)]),
    encodeState({ a: { b: { c: ['é', '', -1, 2 ** 40, Number.NaN] } } }),
    encodeState([]),
  ].map((bytes) => Uint8Array.from(bytes));
  return [
    {
      name: 'states',
      inputs: mutatedBytes(corpus),
      refuses: ['ERR_STATE'],
      weight: 4,
      read(input) {
        const again = encodeState(decodeState(input));
        ensureNotPolluted();
        ensure(Buffer.compare(again, input) === 0, 'one state has one encoding');
      },
    },
    {
      name: 'records of a client',
      inputs: fc.oneof(mutatedBytes(corpus), mutatedValue([record]).map(encodedOrNothing)),
      refuses: ['ERR_STATE'],
      weight: 2,
      read(input) {
        const { state, memories, clockMs, undelivered } = decodeRecord(1, input);
        ensure(state !== undefined && memories !== null && typeof memories === 'object', 'state and memories');
        ensure(Number.isFinite(clockMs) && clockMs >= 0, 'a clock');
        ensure(Array.isArray(undelivered), 'a list');
      },
    },
  ];
}

function encodedOrNothing(value: unknown): Uint8Array {
  try {
    return Uint8Array.from(encodeState(value));
  } catch {
    return new Uint8Array(0);
  }
}

/** Queries of those who want to join: none is admitted but the one that was proven, and that once. */
function admissions(): Reader {
  const token = 'the token';
  const challenge = new Admission(token).challenge();
  const corpus = [new URLSearchParams(provenQuery(token, 'worker', challenge).query).toString()].map((text) =>
    Uint8Array.from(Buffer.from(text)),
  );
  return {
    name: 'queries of who joins',
    inputs: mutatedBytes(corpus),
    refuses: [],
    weight: 1,
    read(input) {
      const door = new Admission(token);
      ensure(
        door.admits(new URLSearchParams(Buffer.from(input).toString('latin1'))) === null,
        'a query without a proof is refused',
      );
    },
  };
}

export async function wireReaders(): Promise<readonly Reader<never>[]> {
  return [
    ...packings(),
    connections('float64', 'as they are'),
    connections('float64', 'right'),
    connections('float32', 'right'),
    ...(await codecPayloads()),
    ...states(),
    admissions(),
  ] as unknown as readonly Reader<never>[];
}
