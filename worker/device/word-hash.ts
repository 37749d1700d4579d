import type { ReadonlyVector, Vector } from '../../protocol/method.js';

/**
 * Two hashes of 32 bits (FNV-1a with two beginnings, the second of each word turned by 17 bits) in each of four lanes, which take the words in turn: no
 * multiplication waits for that of the word before. The first hashes, then the second ones; first the lane that takes the next word.
 */
export type WordHash = Uint32Array;

const LANES = 4;
const BEGINNINGS = [0x811c9dc5, 0x9747b28c] as const;
const FACTOR = 0x01000193;

export function emptyHash(): WordHash {
  return Uint32Array.from({ length: 2 * LANES }, (_, i) => BEGINNINGS[i < LANES ? 0 : 1]);
}

/** Adds the bits of numbers, which may be one part after the other of a longer vector. Returns the hash. */
export function addToHash(hash: WordHash, part: ReadonlyVector): WordHash {
  const { buffer, byteOffset, byteLength } = part as Vector;
  const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
  const whole = words.length - (words.length % LANES);
  // A lane after the other, by index: a vector of millions is read at every step, and an iterator takes three times as long.
  for (let lane = 0; lane < LANES; lane++) {
    let [a, b] = [hash[lane]!, hash[LANES + lane]!];
    for (let j = lane; j < whole; j += LANES) {
      a = first(a, words[j]!);
      b = second(b, words[j]!);
    }
    hash[lane] = a;
    hash[LANES + lane] = b;
  }
  for (const word of words.subarray(whole)) {
    const [a, b] = [first(hash[0]!, word), second(hash[LANES]!, word)];
    hash.copyWithin(0, 1, LANES);
    hash.copyWithin(LANES, LANES + 1);
    hash[LANES - 1] = a;
    hash[2 * LANES - 1] = b;
  }
  return hash;
}

/** Two words that stand for all lanes. */
export function keyOf(hash: WordHash): Uint32Array {
  const key = Uint32Array.from(BEGINNINGS);
  for (const word of hash) {
    key[0] = first(key[0]!, word);
    key[1] = second(key[1]!, word);
  }
  return key;
}

function first(hash: number, word: number): number {
  return Math.imul(hash ^ word, FACTOR);
}

/** High bits of a word reach more than the highest bits of this one. */
function second(hash: number, word: number): number {
  return Math.imul(hash ^ (word >>> 15) ^ (word << 17), FACTOR);
}
