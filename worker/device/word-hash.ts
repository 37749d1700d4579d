import type { ReadonlyVector, Vector } from '../../protocol/method.js';

/** Two hashes of 32 bits (FNV-1a with two beginnings) of the bits of numbers, one part after the other. */
export type WordHash = Uint32Array;

export function emptyHash(): WordHash {
  return Uint32Array.of(0x811c9dc5, 0x9747b28c);
}

export function addToHash(hash: WordHash, part: ReadonlyVector): WordHash {
  let [a, b] = hash as unknown as readonly [number, number];
  const { buffer, byteOffset, byteLength } = part as Vector;
  const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
  // By index: a vector of millions is read at every step, and an iterator takes three times as long.
  for (let j = 0; j < words.length; j++) {
    const word = words[j]!;
    a = Math.imul(a ^ word, 0x01000193);
    b = Math.imul(b ^ (word >>> 15) ^ (word << 17), 0x01000193);
  }
  hash[0] = a;
  hash[1] = b;
  return hash;
}
