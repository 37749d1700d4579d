import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { GradswarmError } from '../../protocol/errors.js';
import { proof, type Role } from '../../protocol/sockets/admission.js';
import { checked } from '../../protocol/wire/control-messages.js';
import { FrameReceiver } from '../../protocol/wire/frame-receiver.js';
import { CONTROL_EVENTS, type ControlEvent } from '../../protocol/wire/message-table.js';
import { readPacked } from '../../protocol/wire/packed-message.js';
import { pack, unpack } from '../../protocol/wire/packing.js';

interface Vectors {
  readonly proofs: readonly (Readonly<Record<'token' | 'challenge' | 'nonce' | 'joiner' | 'coordinator', string>> & {
    readonly role: Role;
  })[];
  readonly control: readonly {
    readonly meaning: string;
    readonly event: string;
    readonly part: 'content' | 'answer';
    readonly message: unknown;
    readonly bytes: string;
  }[];
  readonly refused: readonly { readonly meaning: string; readonly event: string; readonly bytes: string }[];
  readonly packed: readonly { readonly meaning: string; readonly message: unknown; readonly bytes: string }[];
  readonly refusedPacked: readonly { readonly meaning: string; readonly bytes: string }[];
  readonly roundings: readonly { readonly meaning: string; readonly x: string; readonly float32: string }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/messages.json', import.meta.url), 'utf8'),
) as Vectors;

const EVENTS: Readonly<Record<string, ControlEvent>> = CONTROL_EVENTS;
const BOUNDS = { clientCount: 1000, kindCount: 2, maxPackedValues: 1000 };

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** What a vector's JSON stands for. */
function meant(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meant);
  if (value === null || typeof value !== 'object') return value;
  const { hex, number } = value as { readonly hex?: string; readonly number?: string };
  if (hex !== undefined) return bytesOf(hex);
  if (number !== undefined) return Number(number);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, meant(each)]));
}

/** As the receiver of a connection reads it. */
function read(bytes: string): unknown {
  const receiver = new FrameReceiver({ ...BOUNDS, crc32, maxBodyBytes: 1000, maxPackedBytes: 1000 });
  const incoming = receiver.receive(bytesOf(bytes));
  if (incoming?.type !== 'packed') throw new Error('expected a packed message');
  return readPacked(incoming.body, BOUNDS, 'a vector');
}

describe('Messages as an independent script derived them from the text of the protocol', () => {
  for (const { token, role, challenge, nonce, joiner, coordinator } of vectors.proofs)
    it(`proofs of a token, as ${role}`, () => {
      expect(proof(token, 'joiner', role, challenge, nonce)).to.equal(joiner);
      expect(proof(token, 'coordinator', role, challenge, nonce)).to.equal(coordinator);
    });

  it('there is a vector of every event that carries something between coordinator and worker', () => {
    const needed = Object.entries(EVENTS).filter(([, { to, content }]) => to !== 'observers' && content);
    expect(vectors.control.map(({ event }) => event)).to.include.members(needed.map(([name]) => name));
  });

  for (const { meaning, event, part, message, bytes } of vectors.control)
    it(`${event}, ${part}: ${meaning}`, () => {
      const value = unpack(bytesOf(bytes));
      expect(value).to.deep.equal(meant(message));
      // Left out by the sender, completed by the reader.
      const complete = checked(EVENTS[event]![part]!, value, 'a vector') as object;
      if (event !== 'done') expect(complete).to.deep.equal(value);
      expect(unpack(pack(value))).to.deep.equal(value);
    });

  for (const { meaning, event, bytes } of vectors.refused)
    it(`${event} is refused: ${meaning}`, () => {
      expect(() => checked(EVENTS[event]!.content!, unpack(bytesOf(bytes)), 'a vector'))
        .to.throw(GradswarmError)
        .with.property('code', 'ERR_PROTOCOL');
    });

  for (const { meaning, message, bytes } of vectors.packed)
    it(`packed: ${meaning}`, () => {
      expect(read(bytes)).to.deep.equal(meant(message));
    });

  for (const { meaning, bytes } of vectors.refusedPacked)
    it(`packed, refused: ${meaning}`, () => {
      expect(() => read(bytes)).to.throw(GradswarmError);
    });

  for (const { meaning, x, float32 } of vectors.roundings)
    it(`float32: ${meaning}`, () => {
      const wide = new DataView(bytesOf(x).buffer).getFloat64(0);
      const narrow = new DataView(new ArrayBuffer(4));
      narrow.setFloat32(0, Float32Array.of(wide)[0]!);
      expect(Buffer.from(narrow.buffer).toString('hex')).to.equal(float32);
    });
});
