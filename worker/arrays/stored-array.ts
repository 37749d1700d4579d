import { inflateRawSync } from 'node:zlib';
import { GradswarmError } from '../../protocol/errors.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import { type FileBytes, openFile } from './file-bytes.js';
import { decodeNpy, HEADER_BYTES, npyHeader } from './npy.js';
import { elementCount, NUMBER_TYPES, readNumbers } from './number-array.js';
import { type ZipEntry, zipEntries } from './zip-directory.js';

/** An array in a file, of which rows are read when they are needed. */
export interface StoredArray {
  readonly file: FileBytes;
  readonly shape: readonly number[];
  /** Rows can be read without the others: the file is neither compressed nor in Fortran order. */
  readonly isByRow: boolean;
  /** Numbers of the rows from … to … of the first axis, in C order. Throws ERR_DATA_FORMAT, ERR_DATA_MISSING. */
  read(from: number, to: number): ReadonlyVector;
}

/** Arrays by name, opened one by one. */
export type StoredArrays = ReadonlyMap<string, () => StoredArray>;

/** The array of a .npy file. */
export function openNpy(path: string): StoredArray {
  const file = openFile(path);
  return storedAt(file, path, 0, file.size);
}

/** The arrays of an .npz archive. */
export function openNpz(path: string): StoredArrays {
  const file = openFile(path);
  return new Map(
    zipEntries(file)
      .filter(({ name }) => name.endsWith('.npy'))
      .map((entry) => {
        const who = `${path}: ${entry.name}`;
        const open = () =>
          entry.method === 0 ? storedAt(file, who, entry.offset, entry.bytes) : compressedAt(file, who, entry);
        return [entry.name.slice(0, -4), open];
      }),
  );
}

function storedAt(file: FileBytes, who: string, start: number, bytes: number): StoredArray {
  const head = file.read(start, Math.min(bytes, HEADER_BYTES));
  const { shape, type, littleEndian, fortranOrder, offset } = npyHeader(head, who);
  const width = NUMBER_TYPES[type]!.bytes;
  const rowLength = elementCount(shape.slice(1));
  const needed = elementCount(shape) * width;
  if (!Number.isSafeInteger(needed) || bytes - offset !== needed)
    throw new GradswarmError(
      'ERR_DATA_FORMAT',
      `${who}: expected ${needed} bytes of numbers of shape (${shape.join(', ')}), got ${bytes - offset}`,
    );
  if (fortranOrder && shape.length > 1)
    return wholeArray(file, shape, rowLength, () => decodeNpy(file.read(start, bytes), who).values);
  return {
    file,
    shape,
    isByRow: true,
    read: (from, to) => {
      const count = (to - from) * rowLength;
      return readNumbers(
        file.read(start + offset + from * rowLength * width, count * width),
        type,
        count,
        littleEndian,
      );
    },
  };
}

function compressedAt(file: FileBytes, who: string, entry: ZipEntry): StoredArray {
  const inflated = () => {
    try {
      if (entry.method !== 8) throw new Error(`method ${entry.method}`);
      const limits = { maxOutputLength: Math.max(1, entry.bytes) };
      return inflateRawSync(file.read(entry.offset, entry.storedBytes), limits);
    } catch (cause) {
      const why = (cause as Error).message;
      throw new GradswarmError('ERR_DATA_FORMAT', `${who}: expected deflated bytes: ${why}`, { cause });
    }
  };
  const { shape } = npyHeader(inflated(), who);
  return wholeArray(file, shape, elementCount(shape.slice(1)), () => decodeNpy(inflated(), who).values);
}

function wholeArray(
  file: FileBytes,
  shape: readonly number[],
  rowLength: number,
  values: () => ReadonlyVector,
): StoredArray {
  return {
    file,
    shape,
    isByRow: false,
    read: (from, to) => {
      const all = values();
      return from === 0 && to * rowLength === all.length ? all : all.subarray(from * rowLength, to * rowLength);
    },
  };
}
