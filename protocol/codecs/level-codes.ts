import { BitReader, BitWriter } from './bit-stream.js';
import { malformed } from './body.js';
import { EVEN_ODDS, RangeDecoder, RangeEncoder } from './range-coder.js';

/** Signed levels in [-top, top] as bytes, in one of two ways. `skip(i)`: entry i is known to both sides to be zero. */

/** Bits a level takes: enough for 2 top + 1 values. */
export function fixedWidth(top: number): number {
  return 32 - Math.clz32(2 * top);
}

/** level + top in `fixedWidth` bits each, from byte `start`. */
export function writeFixed(levels: Int32Array, top: number, into: Uint8Array, start: number): void {
  const width = fixedWidth(top);
  const writer = new BitWriter(into, start);
  for (let i = 0; i < levels.length; i++) writer.write(levels[i]! + top, width);
  writer.finish();
}

export function readFixed(codec: string, body: Uint8Array, start: number, top: number, levels: Int32Array): void {
  const width = fixedWidth(top);
  const reader = new BitReader(body, start);
  let greatest = 0;
  for (let i = 0; i < levels.length; i++) {
    const code = reader.read(width);
    if (code > greatest) greatest = code;
    levels[i] = code - top;
  }
  if (greatest > 2 * top) malformed(codec, `a level is beyond ${top}`);
  if (reader.overrun || !reader.finish().clean) malformed(codec, 'the levels do not end where the bytes do');
}

/**
 * Contexts of the adaptive code. A magnitude is its number of bits n in unary, then its bits below the leading one: the
 * first three by a tree for each n, the rest as they are. Signs are plain bits: they have nothing to be learned.
 */
const MAGNITUDE_BITS = 16;
const TREE = 8;

function contexts(): Uint16Array {
  return new Uint16Array(MAGNITUDE_BITS + 1 + (MAGNITUDE_BITS + 1) * TREE).fill(EVEN_ODDS);
}

export function encodeEntropy(levels: Int32Array, skip: (block: number) => boolean, block: number): Uint8Array {
  const coder = new RangeEncoder();
  const odds = contexts();
  for (let i = 0; i < levels.length; i++) {
    if (i % block === 0 && skip(i / block)) {
      i += block - 1;
      continue;
    }
    const level = levels[i]!;
    const magnitude = level < 0 ? -level : level;
    const bits = 32 - Math.clz32(magnitude);
    for (let n = 0; n < bits; n++) coder.bit(odds, n, 1);
    coder.bit(odds, bits, 0);
    if (bits === 0) continue;
    coder.plain(level < 0 ? 1 : 0);
    let node = 1;
    for (let shift = bits - 2; shift >= 0; shift--) {
      const bit = (magnitude >>> shift) & 1;
      if (node < TREE) {
        coder.bit(odds, MAGNITUDE_BITS + 1 + bits * TREE + node, bit);
        node = 2 * node + bit;
      } else coder.plain(bit);
    }
  }
  return coder.finish();
}

/** Fills `levels`, which are zero. Throws ERR_CODEC_MALFORMED on a level beyond `top`, and on missing or surplus bytes. */
export function decodeEntropy(
  codec: string,
  body: Uint8Array,
  start: number,
  top: number,
  levels: Int32Array,
  skip: (block: number) => boolean,
  block: number,
): void {
  const coder = new RangeDecoder(codec, body, start);
  const odds = contexts();
  for (let i = 0; i < levels.length; i++) {
    if (i % block === 0 && skip(i / block)) {
      i += block - 1;
      continue;
    }
    let bits = 0;
    while (coder.bit(odds, bits) === 1) if (++bits > MAGNITUDE_BITS) malformed(codec, `a level is beyond ${top}`);
    if (bits === 0) continue;
    const negative = coder.plain() === 1;
    let magnitude = 1;
    for (let left = bits - 1; left > 0; left--) {
      const bit = magnitude < TREE ? coder.bit(odds, MAGNITUDE_BITS + 1 + bits * TREE + magnitude) : coder.plain();
      magnitude = 2 * magnitude + bit;
    }
    if (magnitude > top) malformed(codec, `level ${magnitude} is beyond ${top}`);
    levels[i] = negative ? -magnitude : magnitude;
  }
  coder.finish();
}
