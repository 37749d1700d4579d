import { unzipSync, zipSync } from 'fflate';
import { GradswarmError } from '../../protocol/errors.js';
import { decodeNpy, encodeNpy } from './npy.js';
import type { NumberArray } from './number-array.js';

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
  return new Map(
    Object.entries(files).map(([name, file]) => [name.slice(0, -4), decodeNpy(file, `${path}: ${name}`)] as const),
  );
}

/** As numpy.savez: not compressed. */
export function encodeNpz(arrays: ReadonlyMap<string, NumberArray>): Uint8Array {
  const files = Object.fromEntries([...arrays].map(([name, array]) => [`${name}.npy`, encodeNpy(array)]));
  return zipSync(files, { level: 0, mtime: EPOCH });
}
