import { AppendBytes } from './append-bytes.js';
import type { MetricsRow } from './metrics.js';

/**
 * Scalars by round in TensorBoard's own file format: records of a length, its checksum, an Event message, its checksum. Field numbers are
 * those of TensorFlow's event.proto and summary.proto.
 */
export class EventFile {
  private readonly file: AppendBytes;

  /** `startedMs`: for the name, which TensorBoard sorts by. */
  constructor(folder: string, startedMs: number) {
    this.file = new AppendBytes(folder, `events.out.tfevents.${Math.floor(startedMs / 1000)}.gradswarm`);
    this.file.append(record(event(startedMs, 0, text(3, 'brain.Event:2'))));
  }

  /** `nowMs`: since 1970. Numbers that a row does not have are left out. */
  row(row: MetricsRow, nowMs: number): void {
    const { round, loss, accuracy, extra } = row;
    const bytes = { bytesUp: row.bytesUp, bytesDown: row.bytesDown, bytesPeer: row.bytesPeer };
    const scalars = { loss, accuracy, ...bytes, simulatedMs: row.simulatedMs, ...extra };
    const values = Object.entries(scalars).flatMap(([name, value]) =>
      value === null ? [] : [block(1, [...text(1, name), ...fixed32(2, value)])],
    );
    this.file.append(record(event(nowMs, round, block(5, values.flat()))));
  }

  close(): void {
    this.file.close();
  }
}

function event(ms: number, step: number, content: readonly number[]): Uint8Array {
  return Uint8Array.from([...fixed64(1, ms / 1000), ...key(2, 0), ...varint(step), ...content]);
}

function record(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return Uint8Array.from([...length, ...checksum(length), ...data, ...checksum(data)]);
}

const key = (field: number, type: number): number[] => varint(field * 8 + type);

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function block(field: number, content: readonly number[]): number[] {
  return [...key(field, 2), ...varint(content.length), ...content];
}

function text(field: number, words: string): number[] {
  return block(field, [...new TextEncoder().encode(words)]);
}

function fixed64(field: number, value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [...key(field, 1), ...bytes];
}

function fixed32(field: number, value: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...key(field, 5), ...bytes];
}

/** CRC-32C (Castagnoli), rotated and offset so that a checksum over data with checksums in it stays one. */
function checksum(bytes: Uint8Array): number[] {
  const crc = crc32c(bytes);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  return [masked & 255, (masked >>> 8) & 255, (masked >>> 16) & 255, masked >>> 24];
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
}
