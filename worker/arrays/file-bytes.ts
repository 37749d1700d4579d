import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { GradswarmError } from '../../protocol/errors.js';

/** Files up to here are read at once: several reads cost more than bytes that are not needed. */
const WHOLE_BYTES = 1 << 18;

/** Bytes of a file by their place. It is not kept open, so that a folder may have more files than a process may open. */
export interface FileBytes {
  readonly path: string;
  readonly size: number;
  /** When it was last written, by its file system. */
  readonly modifiedMs: number;
  /** Throws ERR_DATA_FORMAT where the file ends before or was written since it was opened, ERR_DATA_MISSING where it is gone. */
  read(offset: number, length: number): Uint8Array;
}

/** Throws ERR_DATA_MISSING where it cannot be read, or is no file. */
export function openFile(path: string): FileBytes {
  const { size, modifiedMs, whole } = withHandle(path, (handle) => {
    const status = fstatSync(handle);
    if (!status.isFile()) throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a file, got a folder`);
    const { size, mtimeMs: modifiedMs } = status;
    return { size, modifiedMs, whole: size <= WHOLE_BYTES ? readAt(handle, path, 0, size) : null };
  });
  return {
    path,
    size,
    modifiedMs,
    read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw endsBefore(path, offset, length);
      if (whole) return whole.subarray(offset, offset + length);
      return withHandle(path, (handle) => {
        if (fstatSync(handle).mtimeMs !== modifiedMs) throw writtenSince(path);
        return readAt(handle, path, offset, length);
      });
    },
  };
}

/** A file that is no longer what the record of the run has the SHA-256 of. */
export function writtenSince(path: string): GradswarmError {
  return new GradswarmError(
    'ERR_DATA_FORMAT',
    `${path}: expected the file that was there when the run began, got one that was written since`,
  );
}

function endsBefore(path: string, offset: number, length: number): GradswarmError {
  return new GradswarmError(
    'ERR_DATA_FORMAT',
    `${path}: expected ${length} bytes at ${offset}, got the end of the file`,
  );
}

function readAt(handle: number, path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(handle, bytes, done, length - done, offset + done);
    if (count === 0) throw endsBefore(path, offset, length);
    done += count;
  }
  return bytes;
}

function withHandle<T>(path: string, use: (handle: number) => T): T {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (cause) {
    throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a file that can be read`, { cause });
  }
  try {
    return use(handle);
  } finally {
    closeSync(handle);
  }
}
