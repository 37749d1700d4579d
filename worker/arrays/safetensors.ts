import { GradswarmError } from '../../protocol/errors.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';
import { elementCount, littleEndianBytes, NUMBER_TYPES, type NumberArray, readNumbers } from './number-array.js';

/** safetensors: length of the header (8 bytes, little-endian), header as JSON, numbers of all tensors one after the other. */

const TYPES: Readonly<Record<string, string>> = {
  F16: 'f2',
  BF16: 'bf2',
  F32: 'f4',
  F64: 'f8',
  I8: 'i1',
  I16: 'i2',
  I32: 'i4',
  I64: 'i8',
  U8: 'u1',
  BOOL: 'b1',
};
const ALIGNMENT = 8;

/** Tensors by name. Throws ERR_DATA_FORMAT. */
export function decodeSafetensors(bytes: Uint8Array, path: string): ReadonlyMap<string, NumberArray> {
  const wrong = (expected: string) => new GradswarmError('ERR_DATA_FORMAT', `${path}: expected ${expected}`);
  if (bytes.length < 8) throw wrong('a safetensors file, got less than 8 bytes');
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8) throw wrong(`a header of ${length} bytes, got the end of the file`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw wrong('a header that is JSON, got other text');
  }
  if (!isPlainObject(header)) throw wrong('a header that is a JSON object');
  const numbers = bytes.subarray(8 + length);
  const tensors = new Map<string, NumberArray>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    tensors.set(name, tensorOf(name, entry, numbers, wrong));
  }
  return tensors;
}

function tensorOf(
  name: string,
  entry: unknown,
  numbers: Uint8Array,
  wrong: (expected: string) => GradswarmError,
): NumberArray {
  const { dtype, shape, data_offsets: offsets } = (isPlainObject(entry) ? entry : {}) as Record<string, unknown>;
  const areCounts = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
  const type = TYPES[String(dtype)];
  if (type === undefined) throw wrong(`'${name}' of one of ${Object.keys(TYPES).join(', ')}, got ${String(dtype)}`);
  if (!areCounts(shape) || !areCounts(offsets) || offsets.length !== 2)
    throw wrong(`'${name}' with a shape and two offsets`);
  const [begin, end] = offsets as [number, number];
  const needed = elementCount(shape) * NUMBER_TYPES[type]!.bytes;
  if (end - begin !== needed || end > numbers.length)
    throw wrong(`'${name}' with ${needed} bytes of numbers in the file, got offsets ${begin} to ${end}`);
  return { shape, values: readNumbers(numbers.subarray(begin, end), type, elementCount(shape)) };
}

/** The file of these tensors, F32 or F64 as their numbers are. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NumberArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const bodies = [...tensors].map(([name, { shape, values }]) => ({
    name,
    shape,
    values,
    bytes: littleEndianBytes(values),
  }));
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let at = 0;
  for (const { name, shape, values, bytes } of bodies) {
    header[name] = {
      dtype: values.BYTES_PER_ELEMENT === 4 ? 'F32' : 'F64',
      shape,
      data_offsets: [at, at + bytes.length],
    };
    at += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(8 + length + at).fill(0x20, 0, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(text, 8);
  let offset = 8 + length;
  for (const { bytes } of bodies) {
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}
