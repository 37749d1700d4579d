import { crc32 } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import { GradswarmError } from '../../protocol/errors.js';
import type { FileBytes } from './file-bytes.js';
import { decodeNpy, encodeNpy } from './npy.js';
import type { NumberArray } from './number-array.js';
import { damagedEntry, zipEntries } from './zip-directory.js';

/** NumPy's .npz: a zip archive with one .npy a name. */

/** Equal arrays give equal files: the time of an entry is no part of it. */
const EPOCH = '1980-01-01T12:00:00';

/** Arrays by name. Throws ERR_DATA_FORMAT. */
export function decodeNpz(bytes: Uint8Array, path: string): ReadonlyMap<string, NumberArray> {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, { filter: ({ name }) => name.endsWith('.npy') });
  } catch (cause) {
    throw new GradswarmError('ERR_DATA_FORMAT', `${path}: expected an .npz archive: ${(cause as Error).message}`, {
      cause,
    });
  }
  const checksums = new Map(zipEntries(bytesOf(bytes, path)).map(({ name, checksum }) => [name, checksum]));
  return new Map(
    Object.entries(files).map(([name, file]) => {
      const who = `${path}: ${name}`;
      if (crc32(file) !== checksums.get(name)) throw damagedEntry(who);
      return [name.slice(0, -4), decodeNpy(file, who)] as const;
    }),
  );
}

/** A file that has been read. */
function bytesOf(bytes: Uint8Array, path: string): FileBytes {
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return { path, size: bytes.byteLength, modifiedMs: 0, read };
}

/** As numpy.savez: not compressed. */
export function encodeNpz(arrays: ReadonlyMap<string, NumberArray>): Uint8Array {
  const files = Object.fromEntries([...arrays].map(([name, array]) => [`${name}.npy`, encodeNpy(array)]));
  return zipSync(files, { level: 0, mtime: EPOCH });
}
