import { BitReader, BitWriter } from './bit-stream.js';
import { malformed } from './body.js';

/**
 * Which entries of a long vector are sent. The first bit selects the code: 0, Rice codes of the gaps; 1, a bitmap. Rice: 5 bits for the
 * parameter k, then for every gap g >= 1 (the first one counted from -1) (g - 1) >> k ones, a zero and the low k bits. The
 * smaller of the two is written and the last byte filled with zeros. Nothing is written where nothing is open: no index, or
 * all of them. The count travels outside, or is known.
 */

/** Bits of the Rice code, without the 6 in front. */
function riceBits(indices: Uint32Array, k: number): number {
  let quotients = 0;
  let previous = -1;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    quotients += (index - previous - 1) >>> k;
    previous = index;
  }
  return quotients + indices.length * (k + 1);
}

interface Plan {
  /** -1: a bitmap. */
  readonly k: number;
  readonly bytes: number;
}

/** The cheaper code, and its exact size. Rice's k: log2(0.69 d / count) and its two neighbours. */
export function planIndices(indices: Uint32Array, dimension: number): Plan {
  const count = indices.length;
  if (count === 0 || count === dimension) return { k: -1, bytes: 0 };
  // Halved, not by a logarithm, whose bits differ between engines: the same indices must give the same bytes everywhere.
  let centre = 0;
  for (let ratio = (0.69 * dimension) / count; ratio >= Math.SQRT2; ratio /= 2) centre++;
  let best = -1;
  let bits = 1 + dimension;
  for (let k = Math.max(0, centre - 1); k <= centre + 1 && k < 32; k++) {
    const cost = 6 + riceBits(indices, k);
    if (cost < bits) {
      bits = cost;
      best = k;
    }
  }
  return { k: best, bytes: Math.ceil(bits / 8) };
}

/** Writes strictly increasing `indices`, all below 2^31, as planned, from byte `start`. Returns the next byte. */
export function writeIndices(indices: Uint32Array, plan: Plan, into: Uint8Array, start: number): number {
  if (plan.bytes === 0) return start;
  if (plan.k < 0) return writeBitmap(indices, into, start, start + plan.bytes);
  const { k } = plan;
  const writer = new BitWriter(into, start);
  writer.write(k << 1, 6);
  let previous = -1;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const rest = index - previous - 1;
    previous = index;
    const quotient = rest >>> k;
    // Nearly every gap is one write: ones, the zero and the low bits together.
    if (quotient + 1 + k <= 24) {
      writer.write(((1 << quotient) - 1) | ((rest & ((1 << k) - 1)) << (quotient + 1)), quotient + 1 + k);
    } else {
      writer.writeOnes(quotient);
      writer.write(0, 1);
      writer.writeLong(k === 0 ? 0 : (rest << (32 - k)) >>> (32 - k), k);
    }
  }
  return writer.finish();
}

function writeBitmap(indices: Uint32Array, into: Uint8Array, start: number, end: number): number {
  into.fill(0, start, end);
  into[start] = 1;
  for (let i = 0; i < indices.length; i++) {
    const bit = indices[i]! + 1;
    into[start + (bit >>> 3)]! |= 1 << (bit & 7);
  }
  return end;
}

/**
 * Reads `count` indices from byte `start`. Throws ERR_CODEC_MALFORMED unless they are strictly increasing, below
 * `dimension`, and within the bytes. Allocates at most 8 numbers per byte, or `dimension`.
 */
export function readIndices(
  codec: string,
  body: Uint8Array,
  start: number,
  count: number,
  dimension: number,
): { readonly indices: Uint32Array; readonly end: number } {
  if (count > dimension) malformed(codec, `${count} of ${dimension} entries cannot be kept`);
  if (count === 0) return { indices: new Uint32Array(0), end: start };
  if (count === dimension) {
    const indices = new Uint32Array(dimension);
    for (let i = 0; i < dimension; i++) indices[i] = i;
    return { indices, end: start };
  }
  if (start >= body.length) malformed(codec, 'the indices are missing');
  if ((body[start]! & 1) === 1) return readBitmap(codec, body, start, count, dimension);
  if (6 + count > 8 * (body.length - start)) malformed(codec, `${count} indices do not fit in the bytes received`);
  return readRice(codec, body, start, count, dimension);
}

function readRice(codec: string, body: Uint8Array, start: number, count: number, dimension: number) {
  const reader = new BitReader(body, start);
  const k = reader.read(6) >>> 1;
  const indices = new Uint32Array(count);
  // In float64: a hostile quotient times 2^k must not wrap round to a small number.
  const unit = 2 ** k;
  const most = Math.floor(dimension / unit);
  let previous = -1;
  for (let i = 0; i < count; i++) {
    const quotient = reader.readOnes(most);
    const index = previous + 1 + quotient * unit + reader.readLong(k);
    if (!(index < dimension)) malformed(codec, `index ${index} is not below ${dimension}`);
    indices[i] = index;
    previous = index;
  }
  const { at, clean } = reader.finish();
  if (reader.overrun) malformed(codec, 'the indices end too early');
  if (!clean) malformed(codec, 'bits after the last index are not zero');
  return { indices, end: at };
}

function readBitmap(codec: string, body: Uint8Array, start: number, count: number, dimension: number) {
  const end = start + Math.ceil((dimension + 1) / 8);
  if (end > body.length) malformed(codec, 'the bitmap ends too early');
  if (count > 8 * (end - start)) malformed(codec, `${count} indices do not fit in the bitmap`);
  const indices = new Uint32Array(count);
  let found = 0;
  for (let at = start; at < end; at++) {
    let byte = body[at]!;
    if (at === start) byte &= 0xfe;
    const base = 8 * (at - start) - 1;
    for (; byte !== 0; byte &= byte - 1) {
      const index = base + 31 - Math.clz32(byte & -byte);
      if (found === count || index >= dimension) malformed(codec, 'the bitmap marks more entries than it may');
      indices[found++] = index;
    }
  }
  if (found < count) malformed(codec, `the bitmap marks ${found} entries instead of ${count}`);
  return { indices, end };
}
