import { GradswarmError } from '../../protocol/errors.js';
import type { FileBytes } from './file-bytes.js';

/** What a zip archive lists at its end, sizes above 4 GiB (zip64) included. */
export interface ZipEntry {
  readonly name: string;
  /** 0: stored as it is; 8: deflate. */
  readonly method: number;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  /** Bytes in the archive. */
  readonly storedBytes: number;
  readonly bytes: number;
  /** CRC-32 of those bytes. */
  readonly checksum: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const COMMENT_BYTES = 0xffff;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
const LARGE_END = 0x06064b50;
const LARGE_END_BYTES = 56;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const LARGE = 0xffffffff;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Throws ERR_DATA_FORMAT for what is no archive, or one with encrypted entries. */
export function zipEntries(file: FileBytes): readonly ZipEntry[] {
  try {
    const { offset, bytes } = directoryOf(file);
    const directory = file.read(offset, bytes);
    const view = viewOf(directory);
    const entries: ZipEntry[] = [];
    for (let at = 0; at + ENTRY_BYTES <= bytes; ) {
      if (view.getUint32(at, true) !== ENTRY) throw new Error('its list of entries is damaged');
      const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true)) as [
        number,
        number,
        number,
      ];
      const next = at + ENTRY_BYTES + name + extra + comment;
      entries.push(entryAt(file, directory.subarray(at, next), name, extra));
      at = next;
    }
    return entries;
  } catch (cause) {
    if (cause instanceof GradswarmError && cause.code !== 'ERR_DATA_FORMAT') throw cause;
    throw new GradswarmError('ERR_DATA_FORMAT', `${file.path}: expected an .npz archive: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function directoryOf(file: FileBytes): { readonly offset: number; readonly bytes: number } {
  const tail = file.read(
    Math.max(0, file.size - END_BYTES - COMMENT_BYTES),
    Math.min(file.size, END_BYTES + COMMENT_BYTES),
  );
  const view = viewOf(tail);
  let at = tail.length - END_BYTES;
  while (at >= 0 && view.getUint32(at, true) !== END) at--;
  if (at < 0) throw new Error('it has no end of an archive');
  const bytes = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  if (bytes !== LARGE && offset !== LARGE) return { offset, bytes };
  const place = file.size - tail.length + at - LOCATOR_BYTES;
  const locator = viewOf(file.read(place, LOCATOR_BYTES));
  if (locator.getUint32(0, true) !== LOCATOR) throw new Error('it has no end of a large archive');
  const end = viewOf(file.read(Number(locator.getBigUint64(8, true)), LARGE_END_BYTES));
  if (end.getUint32(0, true) !== LARGE_END) throw new Error('it has no end of a large archive');
  return { bytes: Number(end.getBigUint64(40, true)), offset: Number(end.getBigUint64(48, true)) };
}

function entryAt(file: FileBytes, record: Uint8Array, nameBytes: number, extraBytes: number): ZipEntry {
  const view = viewOf(record);
  if (view.getUint16(8, true) & 1) throw new Error('it is encrypted');
  const sizes = [24, 20, 42].map((place) => view.getUint32(place, true));
  // Of zip64: those of the three that do not fit, in this order.
  for (let at = ENTRY_BYTES + nameBytes, end = at + extraBytes; at + 4 <= end; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1)
      for (let i = 0, place = at + 4; i < 3; i++) {
        if (sizes[i] !== LARGE) continue;
        sizes[i] = Number(view.getBigUint64(place, true));
        place += 8;
      }
    at += 4 + length;
  }
  const [bytes, storedBytes, start] = sizes as [number, number, number];
  const local = viewOf(file.read(start, LOCAL_BYTES));
  const offset = start + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
  const name = new TextDecoder().decode(record.subarray(ENTRY_BYTES, ENTRY_BYTES + nameBytes));
  return { name, method: view.getUint16(10, true), offset, storedBytes, bytes, checksum: view.getUint32(16, true) };
}

/** Of an entry whose bytes have another checksum. */
export function damagedEntry(who: string): GradswarmError {
  return new GradswarmError(
    'ERR_DATA_FORMAT',
    `${who}: expected the bytes that were written, got others: the file is damaged`,
  );
}
