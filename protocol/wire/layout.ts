import { GradswarmError } from '../errors.js';
import type { Integers, MessageKind, PartyId, Precision, ReadonlyVector, Vector } from '../method.js';
import type { AnyPayload, EncodedMessage, VectorPacking } from './encoded-message.js';
import { allFinite } from './finite.js';
import { LIMITS } from './limits.js';
import { PlainMessage } from './plain-message.js';

/**
 * A message as bytes, before any frame is put around it: 8 bytes a declared field (vectors, integers, bytes, scalars, each in
 * declared order), then the data of each vector, integer and byte field, padded to 8 bytes so that a reader can view it in place.
 *
 *   vector   u32 count of numbers, u32 bytes of data        integers  u32 count, u32 1 if signed
 *   bytes    u32 count, u32 0                                scalar    f64
 *
 * All little-endian. A vector without a codec is its numbers in the run's precision.
 */

const RESERVED = new Set(['from', 'absent']);
/** Next multiple of 8. Not by bit operations: a length from the wire may be beyond 2^31, where those wrap. */
const padded = (length: number): number => length + ((8 - (length % 8)) % 8);

export class KindLayout {
  readonly vectors: readonly string[];
  readonly integers: readonly string[];
  readonly bytes: readonly string[];
  readonly scalars: readonly string[];
  private readonly fields: ReadonlySet<string>;
  private readonly otherLengths: ReadonlySet<string>;
  private readonly fixedBytes: number;

  constructor(
    readonly name: string,
    readonly index: number,
    readonly kind: MessageKind,
    readonly precision: Precision,
    /** Numbers of the model, the length of a vector unless its kind declares otherwise; null: not checked. */
    private readonly parameterCount: number | null = null,
  ) {
    this.vectors = kind.vectors ?? [];
    this.integers = kind.integers ?? [];
    this.bytes = kind.bytes ?? [];
    this.scalars = kind.scalars ?? [];
    const all = [...this.vectors, ...this.integers, ...this.bytes, ...this.scalars];
    this.fields = new Set(all);
    this.fixedBytes = 8 * all.length;
    this.otherLengths = new Set(kind.otherLengths);
    const reserved = all.find((field) => RESERVED.has(field));
    const { from, to, otherLengths = [] } = kind;
    if (
      kind.summed &&
      (from !== 'clients' || to !== 'coordinator' || otherLengths.length + this.integers.length + this.bytes.length > 0)
    )
      throw new GradswarmError(
        'ERR_PAYLOAD',
        `kind '${name}': expected vectors of the model's length and scalars, from clients to the coordinator, where it declares 'summed'`,
      );
    if (reserved || this.fields.size !== all.length)
      throw new GradswarmError('ERR_PAYLOAD', `kind '${name}': field names must differ and not be ${[...RESERVED]}`);
  }

  /** Without a codec the message becomes bytes only when they are needed; its size is known at once. */
  encode(payload: AnyPayload, packing: VectorPacking | null): EncodedMessage {
    this.check(payload);
    return packing ? this.pack(payload, packing) : new PlainMessage(this, payload);
  }

  /** The message as bytes, for a payload that `encode` has checked. `packing` null: vectors as they are. */
  pack(payload: AnyPayload, packing: VectorPacking | null): EncodedMessage {
    const fixed = new Uint8Array(this.fixedBytes);
    const view = new DataView(fixed.buffer);
    const data: Uint8Array[] = [];
    let at = 0;
    let byteLength = this.fixedBytes;
    let rawBytes = 0;
    let payloadBytes = 0;
    for (const field of this.vectors) {
      const value = payload[field] as ReadonlyVector;
      const body = packing ? packing.encode(field, value) : bytesOf(value as Vector);
      view.setUint32(at, value.length, true);
      view.setUint32(at + 4, body.byteLength, true);
      at += 8;
      data.push(body);
      byteLength += padded(body.byteLength);
      rawBytes += value.length * value.BYTES_PER_ELEMENT;
      payloadBytes += body.byteLength;
    }
    for (const field of this.integers) {
      const value = payload[field] as Integers;
      view.setUint32(at, value.length, true);
      view.setUint32(at + 4, value instanceof Int32Array ? 1 : 0, true);
      at += 8;
      data.push(bytesOf(value));
      byteLength += padded(value.byteLength);
    }
    for (const field of this.bytes) {
      const value = payload[field] as Uint8Array;
      view.setUint32(at, value.byteLength, true);
      at += 8;
      data.push(value);
      byteLength += padded(value.byteLength);
    }
    for (const field of this.scalars) {
      view.setFloat64(at, payload[field] as number, true);
      at += 8;
    }
    return { fixed, data, byteLength, rawBytes, payloadBytes };
  }

  /** Bytes of the vectors of a payload without a codec. Checks their number type. */
  vectorBytes(payload: AnyPayload): number {
    let bytes = 0;
    for (const field of this.vectors) bytes += this.rawBytesOf(field, payload[field] as ReadonlyVector);
    return bytes;
  }

  /** Bytes of a payload as `pack` lays it out without a codec. */
  byteLength(payload: AnyPayload): number {
    let bytes = this.fixedBytes;
    for (const field of this.vectors) bytes += padded((payload[field] as Vector).byteLength);
    for (const field of this.integers) bytes += padded((payload[field] as Integers).byteLength);
    for (const field of this.bytes) bytes += padded((payload[field] as Uint8Array).byteLength);
    return bytes;
  }

  /**
   * What a receiver reads from a message that has not been joined: views, no copy. Throws ERR_FRAME_LENGTH for a vector that
   * is not as long as the model, and ERR_NOT_FINITE for NaN and infinities, in whichever process the sender runs.
   */
  decode(message: EncodedMessage, from: PartyId, packing: VectorPacking | null): AnyPayload & { from: PartyId } {
    if (message instanceof PlainMessage && !packing) {
      message.checkOnce();
      return message.receivedFrom(from);
    }
    const { fixed, data } = message;
    const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength);
    const payload: Record<string, unknown> = { from };
    let at = 0;
    let next = 0;
    for (const field of this.vectors) {
      payload[field] = this.vector(field, data[next++]!, view.getUint32(at, true), packing);
      at += 8;
    }
    for (const field of this.integers) {
      const body = data[next++]!;
      const aligned = body.byteOffset % 4 === 0 ? body : new Uint8Array(body);
      const count = view.getUint32(at, true);
      payload[field] =
        view.getUint32(at + 4, true) === 1
          ? new Int32Array(aligned.buffer, aligned.byteOffset, count)
          : new Uint32Array(aligned.buffer, aligned.byteOffset, count);
      at += 8;
    }
    for (const field of this.bytes) {
      payload[field] = data[next++]!;
      at += 8;
    }
    for (const field of this.scalars) {
      payload[field] = view.getFloat64(at, true);
      at += 8;
    }
    this.checkNumbers(payload as AnyPayload, packing !== null);
    return payload as AnyPayload & { from: PartyId };
  }

  /** Throws ERR_FRAME_LENGTH or ERR_NOT_FINITE. `decoded`: vectors come from a codec, which has refused what is not finite. */
  checkNumbers(payload: AnyPayload, decoded: boolean): void {
    for (const field of this.vectors) {
      const vector = payload[field] as ReadonlyVector;
      this.checkLength(field, vector.length);
      if (!decoded && !allFinite(vector)) throw this.notFinite('vector', field);
    }
    for (const field of this.scalars) if (!Number.isFinite(payload[field])) throw this.notFinite('scalar', field);
  }

  private checkLength(field: string, length: number): void {
    if (this.parameterCount === null || length === this.parameterCount || this.otherLengths.has(field)) return;
    throw new GradswarmError(
      'ERR_FRAME_LENGTH',
      `kind '${this.name}', vector '${field}': expected ${this.parameterCount} numbers, those of the model, got ${length}; ` +
        'a kind whose vectors have another length names them in otherLengths',
    );
  }

  private notFinite(what: string, field: string): GradswarmError {
    return new GradswarmError('ERR_NOT_FINITE', `kind '${this.name}', ${what} '${field}': expected finite numbers`);
  }

  /** Cuts the body of a frame into its messages. Checks every length; allocates nothing but views. */
  split(body: Uint8Array, count: number): EncodedMessage[] {
    // A message without fields has no bytes: a header alone could stand for any number of them.
    if (this.fixedBytes === 0 && count > LIMITS.emptyMessages) throw this.malformed(body, 8 * count);
    const messages: EncodedMessage[] = [];
    let at = 0;
    for (let i = 0; i < count; i++) {
      const start = at;
      if (at + this.fixedBytes > body.byteLength) throw this.malformed(body, at + this.fixedBytes);
      const fixed = body.subarray(at, at + this.fixedBytes);
      const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength);
      at += this.fixedBytes;
      const data: Uint8Array[] = [];
      const dataFields = this.vectors.length + this.integers.length + this.bytes.length;
      for (let field = 0; field < dataFields; field++) {
        const first = view.getUint32(8 * field, true);
        const length =
          field < this.vectors.length
            ? view.getUint32(8 * field + 4, true)
            : field < this.vectors.length + this.integers.length
              ? 4 * first
              : first;
        if (at + padded(length) > body.byteLength) throw this.malformed(body, at + padded(length));
        data.push(body.subarray(at, at + length));
        at += padded(length);
      }
      messages.push({ fixed, data, byteLength: at - start, rawBytes: 0, payloadBytes: 0 });
    }
    if (at !== body.byteLength) throw this.malformed(body, at);
    return messages;
  }

  private malformed(body: Uint8Array, needed: number): GradswarmError {
    return new GradswarmError(
      'ERR_FRAME_LENGTH',
      `kind '${this.name}': expected a body of ${needed} bytes by its own lengths, got ${body.byteLength}`,
    );
  }

  private rawBytesOf(field: string, value: ReadonlyVector): number {
    if (value.BYTES_PER_ELEMENT !== (this.precision === 'float32' ? 4 : 8))
      throw new GradswarmError(
        'ERR_PAYLOAD',
        `kind '${this.name}', vector '${field}': expected ${this.precision} numbers, got ${value.BYTES_PER_ELEMENT}-byte ones; ` +
          'make vectors with at.zeros()',
      );
    return value.length * value.BYTES_PER_ELEMENT;
  }

  private vector(field: string, body: Uint8Array, count: number, packing: VectorPacking | null): ReadonlyVector {
    const size = this.precision === 'float32' ? 4 : 8;
    if (count * size > LIMITS.frameBodyBytes)
      throw new GradswarmError(
        'ERR_FRAME_LENGTH',
        `kind '${this.name}', vector '${field}': expected at most ${LIMITS.frameBodyBytes / size} numbers, got ${count}`,
      );
    this.checkLength(field, count);
    if (packing) return packing.decode(field, body, count);
    if (body.byteLength !== count * size)
      throw new GradswarmError(
        'ERR_FRAME_LENGTH',
        `kind '${this.name}', vector '${field}': expected ${count} numbers in ${count * size} bytes, got ${body.byteLength}; ` +
          'both sides must run the same model and precision (see manifest)',
      );
    const aligned = body.byteOffset % size === 0 ? body : new Uint8Array(body);
    return size === 4
      ? new Float32Array(aligned.buffer, aligned.byteOffset, count)
      : new Float64Array(aligned.buffer, aligned.byteOffset, count);
  }

  /** The types forbid this too; methods loaded from elsewhere may not have been compiled against them. */
  private check(payload: AnyPayload): void {
    let given = 0;
    for (const field in payload) {
      if (field === 'from') continue;
      if (!this.fields.has(field))
        throw new GradswarmError(
          'ERR_PAYLOAD',
          `kind '${this.name}': expected the fields ${[...this.fields].join(', ')}, got '${field}'`,
        );
      given++;
    }
    if (given !== this.fields.size) {
      const missing = [...this.fields].filter((field) => !(field in payload));
      throw new GradswarmError('ERR_PAYLOAD', `kind '${this.name}': missing field ${missing.join(', ')}`);
    }
    // Anything else would be another value behind a socket than in this process.
    for (const field of this.scalars)
      if (typeof payload[field] !== 'number') throw this.wrongType('scalar', field, 'a number');
    for (const field of this.integers)
      if (!(payload[field] instanceof Int32Array || payload[field] instanceof Uint32Array))
        throw this.wrongType('integers', field, 'an Int32Array or Uint32Array');
    for (const field of this.bytes)
      if (!(payload[field] instanceof Uint8Array)) throw this.wrongType('bytes', field, 'a Uint8Array');
  }

  private wrongType(what: string, field: string, expected: string): GradswarmError {
    return new GradswarmError('ERR_PAYLOAD', `kind '${this.name}', ${what} '${field}': expected ${expected}`);
  }
}

function bytesOf(array: Vector | Integers): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Has some kind vectors of another length than the model's? */
export function hasOtherLengths(messages: Readonly<Record<string, MessageKind>>): boolean {
  return Object.values(messages).some(({ otherLengths = [] }) => otherLengths.length > 0);
}

/** Layouts of a method's kinds by name, in the order of their names: the index is what travels. `parameterCount`: of the model; null: lengths are not checked. */
export function layoutsOf(
  messages: Readonly<Record<string, MessageKind>>,
  precision: Precision,
  parameterCount: number | null = null,
): ReadonlyMap<string, KindLayout> {
  return new Map(
    Object.keys(messages)
      .sort()
      .map((name, index) => [name, new KindLayout(name, index, messages[name]!, precision, parameterCount)]),
  );
}
