import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { GradswarmError } from '../../protocol/errors.js';

/** An IDX file of unsigned bytes: big-endian magic 0x0000 08 rank, one 32-bit length a dimension, then the bytes. */
export interface IdxFile {
  readonly path: string;
  readonly lengths: readonly number[];
  /** Of the items that are needed. */
  readonly bytes: Uint8Array;
}

function wrong(path: string, expected: string, got: string): GradswarmError {
  return new GradswarmError(
    'ERR_DATA_FORMAT',
    `${path}: expected ${expected}, got ${got}; the file is damaged or not an IDX file`,
  );
}

function unpacked(path: string): Uint8Array {
  try {
    return gunzipSync(readFileSync(path));
  } catch (cause) {
    throw new GradswarmError('ERR_DATA_FORMAT', `${path}: expected a whole gzip stream: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Fewer where the file ends before. */
function firstBytes(path: string, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const file = openSync(path, 'r');
  try {
    let read = 0;
    for (let more = 1; more > 0 && read < count; read += more) more = readSync(file, bytes, read, count - read, read);
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/** Reads an IDX file, gzipped or not (detected by its first bytes). `rank`: 1 for labels, 3 for images. `most`: items that are needed, the first. */
export function readIdxFile(path: string, rank: number, most = Number.POSITIVE_INFINITY): IdxFile {
  if (!existsSync(path)) throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a file, there is none`);
  const [one, two] = firstBytes(path, 2);
  const whole = one === 0x1f && two === 0x8b ? unpacked(path) : null;
  const length = whole?.length ?? statSync(path).size;
  const first = (count: number) => whole?.subarray(0, count) ?? firstBytes(path, count);
  const headerBytes = 4 + 4 * rank;
  if (length < headerBytes) throw wrong(path, `a header of ${headerBytes} bytes`, `a file of ${length} bytes`);
  const header = first(headerBytes);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const magic = view.getUint32(0);
  if (magic !== 0x800 + rank) {
    const hex = (word: number) => `0x${word.toString(16).padStart(8, '0')}`;
    throw wrong(path, `magic number ${hex(0x800 + rank)} (unsigned bytes, ${rank} dimensions)`, hex(magic));
  }
  const lengths = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = lengths.reduce((product, length) => product * length, 1);
  if (length - headerBytes !== expected)
    throw wrong(path, `${expected} bytes after the header (${lengths.join(' x ')})`, `${length - headerBytes}`);
  const [items = 0, ...item] = lengths;
  const used = item.reduce((product, length) => product * length, Math.min(items, most));
  return { path, lengths, bytes: first(headerBytes + used).subarray(headerBytes) };
}
