import type { Precision, Rng, Vector } from '../method.js';
import { cosineOfTurns, log, log1p, sineOfTurns } from './elementary.js';
import { fillBlocks, fillFactors } from './simd/word-blocks.js';
import { zeros } from './vector.js';

/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a
 * counter-based generator. A stream is a 64-bit key; its n-th block is a pure function of (key, n), so nothing has to be
 * saved and nothing can be advanced out of turn. Keys are derived with the same function.
 */

let block0 = 0;
let block1 = 0;

/** Leaves the two words of the block in `block0`, `block1`: returning them would allocate. */
function threefry(key0: number, key1: number, counter0: number, counter1: number): void {
  const key2 = key0 ^ key1 ^ 0x1bd11bda;
  let x = (counter0 + key0) | 0;
  let y = (counter1 + key1) | 0;
  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  x = (x + key1) | 0;
  y = (y + key2 + 1) | 0;
  x = (x + y) | 0;
  y = ((y << 17) | (y >>> 15)) ^ x;
  x = (x + y) | 0;
  y = ((y << 29) | (y >>> 3)) ^ x;
  x = (x + y) | 0;
  y = ((y << 16) | (y >>> 16)) ^ x;
  x = (x + y) | 0;
  y = ((y << 24) | (y >>> 8)) ^ x;
  x = (x + key2) | 0;
  y = (y + key0 + 2) | 0;
  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  x = (x + key0) | 0;
  y = (y + key1 + 3) | 0;
  x = (x + y) | 0;
  y = ((y << 17) | (y >>> 15)) ^ x;
  x = (x + y) | 0;
  y = ((y << 29) | (y >>> 3)) ^ x;
  x = (x + y) | 0;
  y = ((y << 16) | (y >>> 16)) ^ x;
  x = (x + y) | 0;
  y = ((y << 24) | (y >>> 8)) ^ x;
  x = (x + key1) | 0;
  y = (y + key2 + 4) | 0;
  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  block0 = (x + key2) | 0;
  block1 = (y + key0 + 5) | 0;
}

/** One block, for known-answer tests: [word 0, word 1], unsigned. */
export function threefryBlock(
  key: readonly [number, number],
  counter: readonly [number, number],
): readonly [number, number] {
  threefry(key[0] | 0, key[1] | 0, counter[0] | 0, counter[1] | 0);
  return [block0 >>> 0, block1 >>> 0];
}

const textHashes = new Map<string, readonly [number, number]>();

/** Two independent 32-bit FNV-style hashes of a path element. */
function hashText(text: string): readonly [number, number] {
  const known = textHashes.get(text);
  if (known) return known;
  let a = 0x811c9dc5 | 0;
  let b = 0x9747b28c | 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b ^= b >>> 15;
  }
  const hashes = [a, b | 1] as const;
  if (textHashes.size < 10_000) textHashes.set(text, hashes);
  return hashes;
}

const UNIT = 1 / 9007199254740992;

class KeyedStream implements Rng {
  private low = 0;
  private high = 0;
  private spare = 0;
  private hasSpare = false;

  constructor(
    private readonly key0: number,
    private readonly key1: number,
    private readonly precision: Precision,
  ) {}

  derive(...path: readonly (string | number)[]): Rng {
    let key0 = this.key0;
    let key1 = this.key1;
    for (const element of path) {
      // Numbers and texts use different halves of the counter space, so 7 and '7' name different streams.
      if (typeof element === 'number') threefry(key0, key1, element | 0, Math.floor(element / 4294967296) << 1);
      else {
        const [a, b] = hashText(element);
        threefry(key0, key1, a, b | 1);
      }
      key0 = block0;
      key1 = block1;
    }
    // One more block, so that a derived key is never a word of the parent stream.
    threefry(key0, key1, 0x6b657973, 0x64657269);
    return new KeyedStream(block0, block1, this.precision);
  }

  /** Advances by one block and leaves it in block0, block1. */
  private next(): void {
    threefry(this.key0, this.key1, this.low, this.high);
    this.low = (this.low + 1) | 0;
    if (this.low === 0) this.high = (this.high + 1) | 0;
  }

  uniform(): number {
    this.next();
    return ((block0 >>> 5) * 67108864 + (block1 >>> 6)) * UNIT;
  }

  private wordOnce(): number {
    if (this.hasSpare) {
      this.hasSpare = false;
      return this.spare;
    }
    this.next();
    this.spare = block1 >>> 0;
    this.hasSpare = true;
    return block0 >>> 0;
  }

  below(bound: number): number {
    if (!(bound >= 1 && bound <= 4294967296 && Number.isInteger(bound)))
      throw new RangeError(`below: expected an integer bound in [1, 2^32], got ${bound}`);
    if (bound === 4294967296) return this.wordOnce();
    const divisor = bound >>> 0;
    for (;;) {
      // Words beyond the last whole block of `bound` are drawn again. One division gives both, and in 32 bits it is fast.
      const word = this.wordOnce() >>> 0;
      const remainder = word % divisor;
      if (word - remainder + bound <= 4294967296) return remainder;
    }
  }

  words(into: Uint32Array): Uint32Array {
    const { length } = into;
    const blocks = fillBlocks(into, this.key0, this.key1, this.low, this.high);
    this.low = (this.low + blocks) | 0;
    let i = 2 * blocks;
    for (; i + 1 < length; i += 2) {
      this.next();
      into[i] = block0;
      into[i + 1] = block1;
    }
    if (i < length) {
      this.next();
      into[i] = block0;
    }
    return into;
  }

  /** Blocks whose words were taken for `drawFactors`; none: it takes them by `words`. */
  factors(into: Float32Array, limit: number, factor: number): number {
    const blocks = fillFactors(into, this.key0, this.key1, this.low, this.high, limit, factor);
    this.low = (this.low + blocks) | 0;
    return blocks;
  }

  /** Box-Muller: two uniforms make two normals. */
  normal(length: number, into?: Vector): Vector {
    const result = into ?? zeros(length, this.precision);
    for (let i = 0; i < length; i += 2) {
      const radius = Math.sqrt(-2 * log(1 - this.uniform()));
      const turns = this.uniform();
      result[i] = radius * cosineOfTurns(turns);
      if (i + 1 < length) result[i + 1] = radius * sineOfTurns(turns);
    }
    return result;
  }

  permutation(length: number): Uint32Array {
    const result = new Uint32Array(length);
    for (let i = 0; i < length; i++) result[i] = i;
    for (let i = length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = result[i]!;
      result[i] = result[j]!;
      result[j] = held;
    }
    return result;
  }

  batch(exampleCount: number, batchSize: number): Uint32Array {
    if (batchSize >= exampleCount) {
      const all = new Uint32Array(exampleCount);
      for (let i = 0; i < exampleCount; i++) all[i] = i;
      return all;
    }
    // The first batchSize steps of a shuffle; only the entries it touched are stored.
    const result = new Uint32Array(batchSize);
    const moved = new Map<number, number>();
    for (let i = 0; i < batchSize; i++) {
      const j = i + this.below(exampleCount - i);
      result[i] = moved.get(j) ?? j;
      moved.set(j, moved.get(i) ?? i);
    }
    return result;
  }

  poisson(exampleCount: number, probability: number): Uint32Array {
    if (!(probability >= 0 && probability <= 1))
      throw new RangeError(`poisson: expected a probability in [0, 1], got ${probability}`);
    if (probability === 1) return this.batch(exampleCount, exampleCount);
    const chosen: number[] = [];
    if (probability > 0) {
      // Gaps between chosen indices are geometric: one draw a chosen example, not one an example.
      const perGap = log1p(-probability);
      for (let i = -1; ; ) {
        i += 1 + Math.floor(log(1 - this.uniform()) / perGap);
        if (i >= exampleCount) break;
        chosen.push(i);
      }
    }
    return Uint32Array.from(chosen);
  }
}

const WORDS = 2 ** 32;

/** `factor` where a word of the stream, one a number, is at least `share` of 2^32, else 0: kept with probability 1 - share. */
export function drawFactors(rng: Rng, into: Vector, share: number, factor: number): void {
  const limit = Math.ceil(share * WORDS);
  const isFast = rng instanceof KeyedStream && into instanceof Float32Array && limit < WORDS;
  const done = isFast ? 2 * rng.factors(into, limit, factor) : 0;
  if (done === into.length) return;
  const words = rng.words(new Uint32Array(into.length - done));
  // By the truth of a comparison: a branch would be predicted wrongly as often as not.
  const factors = [0, factor] as const;
  for (let j = 0; j < words.length; j++) into[done + j] = factors[Number(words[j]! >= limit) as 0 | 1];
}

/** The root of a run's streams. `seed`: a non-negative integer below 2^53. `precision`: of the normals. */
export function rootStream(seed: number, precision: Precision): Rng {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`seed: expected an integer in [0, 2^53), got ${seed}`);
  return new KeyedStream(seed | 0, Math.floor(seed / 4294967296) | 0, precision).derive('run');
}
