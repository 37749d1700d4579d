import { GradswarmError } from '../../protocol/errors.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import { elementCount, littleEndianBytes, NUMBER_TYPES, type NumberArray, readNumbers } from './number-array.js';

/** NumPy's .npy: magic, version, a header that is a Python literal, and the numbers. Written: version 1.0, little-endian, C order. */

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
const ALIGNMENT = 64;

/** Where the numbers of a file begin, and what they are. */
interface NpyHeader {
  readonly shape: readonly number[];
  /** A key of NUMBER_TYPES. */
  readonly type: string;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  /** Bytes before the first number. */
  readonly offset: number;
}

/** Longest header that is read. */
export const HEADER_BYTES = 4096;

/** Throws ERR_DATA_FORMAT. `path` names the file in messages. `bytes`: the file, or its first HEADER_BYTES or more. */
export function npyHeader(bytes: Uint8Array, path: string): NpyHeader {
  const wrong = (expected: string) => new GradswarmError('ERR_DATA_FORMAT', `${path}: expected ${expected}`);
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw wrong("a .npy file, got one that does not begin with '\\x93NUMPY'");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3 || (version > 1 && bytes.length < 12))
    throw wrong(`format 1, 2 or 3 of .npy, got ${version}`);
  const start = version === 1 ? 10 : 12;
  const offset = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (offset > bytes.length) throw wrong(`a header of ${offset - start} bytes, got the end of the file`);
  const text = new TextDecoder().decode(bytes.subarray(start, offset));
  const descr = /'descr':\s*'([^']*)'/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text);
  const dimensions = /'shape':\s*\(([\d,\s]*)\)/.exec(text);
  if (!descr || !order || !dimensions) throw wrong(`a header with descr, fortran_order and shape, got ${text.trim()}`);
  const type = descr[1]!.replace(/^[<>|=]/, '');
  const types = Object.keys(NUMBER_TYPES).filter((name) => name !== 'bf2');
  if (!types.includes(type)) throw wrong(`numbers of one of ${types.join(', ')}, got '${descr[1]}'`);
  const shape = dimensions[1]!
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  return { shape, type, littleEndian: !descr[1]!.startsWith('>'), fortranOrder: order[1] === 'True', offset };
}

/** The array of a whole file. Throws ERR_DATA_FORMAT. */
export function decodeNpy(bytes: Uint8Array, path: string): NumberArray {
  const { shape, type, littleEndian, fortranOrder, offset } = npyHeader(bytes, path);
  const count = elementCount(shape);
  const needed = count * NUMBER_TYPES[type]!.bytes;
  if (!Number.isSafeInteger(needed) || bytes.length - offset !== needed)
    throw new GradswarmError(
      'ERR_DATA_FORMAT',
      `${path}: expected ${needed} bytes of numbers of shape (${shape.join(', ')}), got ${bytes.length - offset}`,
    );
  const values = readNumbers(bytes.subarray(offset), type, count, littleEndian);
  return { shape, values: fortranOrder && shape.length > 1 ? inCOrder(values, shape) : values };
}

/** Numbers whose first axis changes fastest, with the last changing fastest. */
function inCOrder(values: ReadonlyVector, shape: readonly number[]): ReadonlyVector {
  const result = values.BYTES_PER_ELEMENT === 8 ? new Float64Array(values.length) : new Float32Array(values.length);
  const index = shape.map(() => 0);
  for (let to = 0; to < result.length; to++) {
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) from = from * shape[axis]! + index[axis]!;
    result[to] = values[from]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return result;
}

/** The file of an array, float32 or float64 as its numbers are. */
export function encodeNpy({ shape, values }: NumberArray): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f${values.BYTES_PER_ELEMENT}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const size = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const numbers = littleEndianBytes(values);
  const bytes = new Uint8Array(size + numbers.length).fill(0x20, 0, size);
  bytes.set(MAGIC);
  bytes[6] = 1;
  bytes[7] = 0;
  new DataView(bytes.buffer).setUint16(8, size - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[size - 1] = 0x0a;
  bytes.set(numbers, size);
  return bytes;
}
