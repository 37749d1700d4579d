import type { ReadonlyVector, Vector } from '../../protocol/method.js';

/** State of a hash of the bits of numbers. */
export type WordHash = Uint32Array;

/** A hash of tensors' bits, one tensor after the other. */
export interface Hashing {
  empty(): WordHash;
  /** Changes `hash`, and returns it. */
  add(hash: WordHash, tensor: ReadonlyVector): WordHash;
  /** Two words of 32 bits that stand for the state. */
  key(hash: WordHash): Uint32Array;
}

const BEGINNINGS = [0x811c9dc5, 0x9747b28c] as const;
const FACTOR = 0x01000193;
/** Chains of multiplications side by side. */
const LANES = 4;

/** A word further: FNV-1a. */
const first = (hash: number, word: number): number => Math.imul(hash ^ word, FACTOR);
/** The same of the word turned by 17 bits: its high bits reach others than the highest. */
const second = (hash: number, word: number): number => Math.imul(hash ^ (word >>> 15) ^ (word << 17), FACTOR);

function wordsOf({ buffer, byteOffset, byteLength }: Vector): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** Two hashes of 32 bits, of one word after the other, however the words are cut into tensors. */
export const wordByWord: Hashing = {
  empty: () => Uint32Array.from(BEGINNINGS),
  add(hash, tensor) {
    let [a, b] = hash as unknown as readonly [number, number];
    const words = wordsOf(tensor as Vector);
    // By index: a vector of millions is read at every step, and an iterator takes three times as long.
    for (let j = 0; j < words.length; j++) {
      a = first(a, words[j]!);
      b = second(b, words[j]!);
    }
    hash[0] = a;
    hash[1] = b;
    return hash;
  },
  key: (hash) => hash,
};

/**
 * The same in four lanes that take a tensor's words in turn, the first its first word: the multiplications of one lane need not wait
 * for those of another. Both hashes of the lanes, one lane after the other, make the key.
 */
export const inFourLanes: Hashing = {
  empty: () => Uint32Array.from({ length: 2 * LANES }, (_, i) => BEGINNINGS[i < LANES ? 0 : 1]),
  add(hash, tensor) {
    const words = wordsOf(tensor as Vector);
    for (let lane = 0; lane < LANES; lane++) {
      let [a, b] = [hash[lane]!, hash[LANES + lane]!];
      for (let j = lane; j < words.length; j += LANES) {
        a = first(a, words[j]!);
        b = second(b, words[j]!);
      }
      hash[lane] = a;
      hash[LANES + lane] = b;
    }
    return hash;
  },
  key: (hash) => wordByWord.add(wordByWord.empty(), hash as unknown as Vector),
};
