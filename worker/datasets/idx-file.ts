import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { GradswarmError } from '../../protocol/errors.js';

/** An IDX file of unsigned bytes: big-endian magic 0x0000 08 rank, one 32-bit length a dimension, then the bytes. */
export interface IdxFile {
  readonly path: string;
  readonly lengths: readonly number[];
  readonly bytes: Uint8Array;
}

function wrong(path: string, expected: string, got: string): GradswarmError {
  return new GradswarmError(
    'ERR_DATA_FORMAT',
    `${path}: expected ${expected}, got ${got}; the file is damaged or not an IDX file`,
  );
}

function readBytes(path: string): Uint8Array {
  if (!existsSync(path)) throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a file, there is none`);
  const bytes = readFileSync(path);
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new GradswarmError('ERR_DATA_FORMAT', `${path}: expected a whole gzip stream: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Reads an IDX file, gzipped or not (detected by its first bytes). `rank`: 1 for labels, 3 for images. */
export function readIdxFile(path: string, rank: number): IdxFile {
  const bytes = readBytes(path);
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes)
    throw wrong(path, `a header of ${headerBytes} bytes`, `a file of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  if (magic !== 0x800 + rank) {
    const hex = (word: number) => `0x${word.toString(16).padStart(8, '0')}`;
    throw wrong(path, `magic number ${hex(0x800 + rank)} (unsigned bytes, ${rank} dimensions)`, hex(magic));
  }
  const lengths = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = lengths.reduce((product, length) => product * length, 1);
  if (bytes.length - headerBytes !== expected)
    throw wrong(path, `${expected} bytes after the header (${lengths.join(' x ')})`, `${bytes.length - headerBytes}`);
  return { path, lengths, bytes: bytes.subarray(headerBytes) };
}
