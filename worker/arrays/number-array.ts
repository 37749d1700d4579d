import type { ReadonlyVector } from '../../protocol/method.js';

/** Numbers in C order (the last axis changes fastest) with their shape; a shape of no axes is one number. */
export interface NumberArray {
  readonly shape: readonly number[];
  readonly values: ReadonlyVector;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** How the numbers of a file are stored: bytes each, and the value at a byte offset. */
export interface NumberType {
  readonly bytes: number;
  read(view: DataView, offset: number, littleEndian: boolean): number;
}

/** IEEE 754 of fewer bits, such as (5, 10) for half precision, as a number. */
function smallFloat(word: number, exponentBits: number, fractionBits: number): number {
  const exponentMask = (1 << exponentBits) - 1;
  const fraction = word & ((1 << fractionBits) - 1);
  const exponent = (word >>> fractionBits) & exponentMask;
  const bias = exponentMask >>> 1;
  const sign = word >>> (exponentBits + fractionBits) ? -1 : 1;
  if (exponent === exponentMask) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  const scale = 2 ** (Math.max(1, exponent) - bias - fractionBits);
  return sign * scale * (exponent === 0 ? fraction : fraction + (1 << fractionBits));
}

/** By kind and bytes, as NumPy writes them. Integers of 8 bytes beyond 2^53 lose their last digits. */
export const NUMBER_TYPES: Readonly<Record<string, NumberType>> = {
  f2: { bytes: 2, read: (view, at, little) => smallFloat(view.getUint16(at, little), 5, 10) },
  bf2: { bytes: 2, read: (view, at, little) => smallFloat(view.getUint16(at, little), 8, 7) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  b1: { bytes: 1, read: (view, at) => view.getUint8(at) },
};

/** Of this machine. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** `count` numbers of one type, from the beginning of `bytes`. Single precision where that holds every value of the type. */
export function readNumbers(bytes: Uint8Array, name: string, count: number, littleEndian = true): ReadonlyVector {
  const type = NUMBER_TYPES[name]!;
  // The same numbers, and most data is of these types.
  if (name === 'u1') return Float32Array.from(bytes.subarray(0, count));
  if (name === 'f4' && littleEndian && LITTLE_ENDIAN) {
    // Not `slice`, which gives a part of a shared pool for a Buffer.
    const single = new Float32Array(count);
    new Uint8Array(single.buffer).set(bytes.subarray(0, 4 * count));
    return single;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, count * type.bytes);
  const values = /^(f8|[iu][48])$/.test(name) ? new Float64Array(count) : new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = type.read(view, i * type.bytes, littleEndian);
  return values;
}

/** Little-endian single precision, or double where the vector is. */
export function littleEndianBytes(vector: ReadonlyVector): Uint8Array {
  const width = vector.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(width * vector.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < vector.length; i++) {
    if (width === 4) view.setFloat32(4 * i, vector[i]!, true);
    else view.setFloat64(8 * i, vector[i]!, true);
  }
  return bytes;
}
