import { crc32, inflateRawSync } from 'node:zlib';
import { GradswarmError } from '../../protocol/errors.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import { type FileBytes, openFile } from './file-bytes.js';
import { decodeNpy, HEADER_BYTES, npyHeader } from './npy.js';
import { elementCount, NUMBER_TYPES, readNumbers } from './number-array.js';
import { damagedEntry, type ZipEntry, zipEntries } from './zip-directory.js';

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
          entry.method === 0
            ? storedAt(file, who, entry.offset, entry.bytes, entry.checksum)
            : compressedAt(file, who, entry);
        return [entry.name.slice(0, -4), open];
      }),
  );
}

/** `checksum`: CRC-32 of these bytes; left out: none is known. */
function storedAt(file: FileBytes, who: string, start: number, bytes: number, checksum?: number): StoredArray {
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
  const read = summed(file, who, { start, bytes, checksum });
  if (fortranOrder && shape.length > 1)
    return wholeArray(file, shape, rowLength, () => decodeNpy(read(0, bytes), who).values);
  // The header is part of what is summed.
  read(0, offset);
  return {
    file,
    shape,
    isByRow: true,
    read: (from, to) => {
      const count = (to - from) * rowLength;
      return readNumbers(read(offset + from * rowLength * width, count * width), type, count, littleEndian);
    },
  };
}

interface Summed {
  readonly start: number;
  readonly bytes: number;
  readonly checksum: number | undefined;
}

/**
 * Reads of an entry, by place in it: the checksum is compared once all of it was read in order, as it is when a data set is opened. Throws
 * ERR_DATA_FORMAT where it is another.
 */
function summed(file: FileBytes, who: string, { start, bytes, checksum }: Summed): FileBytes['read'] {
  if (checksum === undefined) return (at, length) => file.read(start + at, length);
  let [sum, next] = [0, 0];
  return (at, length) => {
    const read = file.read(start + at, length);
    if (at === 0) [sum, next] = [0, 0];
    if (at !== next) return read;
    sum = crc32(read, sum);
    next += length;
    if (next === bytes && sum !== checksum) throw damagedEntry(who);
    return read;
  };
}

function compressedAt(file: FileBytes, who: string, entry: ZipEntry): StoredArray {
  const inflate = () => {
    let inflated: Uint8Array;
    try {
      if (entry.method !== 8) throw new Error(`method ${entry.method}`);
      const limits = { maxOutputLength: Math.max(1, entry.bytes) };
      inflated = inflateRawSync(file.read(entry.offset, entry.storedBytes), limits);
    } catch (cause) {
      const why = (cause as Error).message;
      throw new GradswarmError('ERR_DATA_FORMAT', `${who}: expected deflated bytes: ${why}`, { cause });
    }
    if (crc32(inflated) !== entry.checksum) throw damagedEntry(who);
    return inflated;
  };
  const { shape } = npyHeader(inflate(), who);
  return wholeArray(file, shape, elementCount(shape.slice(1)), () => decodeNpy(inflate(), who).values);
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
