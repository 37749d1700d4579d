import { malformed } from './body.js';
import { EVEN_ODDS, RangeDecoder, RangeEncoder } from './range-coder.js';

/**
 * Signed levels as bytes near their entropy. `skip(b)`: all entries of block b are known to both sides to be zero.
 *
 * Contexts of the adaptive code. A magnitude is its number of bits n in unary, then its bits below the leading one: the
 * first three by a tree for each n, the rest as they are. Signs are plain bits: a model of them would gain nothing.
 */
const MAGNITUDE_BITS = 16;
const TREE = 8;

function contexts(): Uint16Array {
  return new Uint16Array(MAGNITUDE_BITS + 1 + (MAGNITUDE_BITS + 1) * TREE).fill(EVEN_ODDS);
}

export function encodeLevels(levels: Int32Array, skip: (block: number) => boolean, block: number): Uint8Array {
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
export function decodeLevels(
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
