import type { Precision, ReadonlyVector, Rng, Vector } from '../../../../protocol/method.js';
import { precisionOf, zeros } from '../../../../protocol/numerics/vector.js';
import { sizeOf } from './layer.js';
import type { MaskOf } from './network-pass.js';

const RANGE = 2 ** 32;

/**
 * Masks of a batch: keyed by the layer's place, the example (its row among the training examples) and the parameters. So they are
 * the same in every placement and at every repetition of a round, and new at every step. `params`: in parts, one after the other.
 */
export function masksOf(rng: Rng, params: () => readonly ReadonlyVector[], rows: Uint32Array): MaskOf {
  let keyed: { readonly key: readonly [number, number]; readonly precision: Precision } | null = null;
  return (place, shape, rate) => {
    keyed ??= keyOf(params());
    const { key, precision } = keyed;
    const length = sizeOf(shape);
    const mask = zeros(rows.length * length, precision);
    const words = new Uint32Array(length);
    const kept = 1 / (1 - rate);
    for (const [i, row] of rows.entries()) {
      rng.derive(place, row, ...key).words(words);
      for (let j = 0; j < length; j++) if (words[j]! >= rate * RANGE) mask[i * length + j] = kept;
    }
    return mask;
  };
}

function keyOf(params: readonly ReadonlyVector[]) {
  return { key: digestOf(params), precision: params[0] ? precisionOf(params[0]) : 'float32' } as const;
}

/** Two hashes of 32 bits of the parameters' bits (FNV-1a with two beginnings). */
function digestOf(params: readonly ReadonlyVector[]): readonly [number, number] {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const part of params) {
    const { buffer, byteOffset, byteLength } = part as Vector;
    const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    // By index: a vector of millions is read at every step, and an iterator takes three times as long.
    for (let j = 0; j < words.length; j++) {
      const word = words[j]!;
      a = Math.imul(a ^ word, 0x01000193);
      b = Math.imul(b ^ (word >>> 15) ^ (word << 17), 0x01000193);
    }
  }
  return [a >>> 0, b >>> 0];
}
