import type { Precision, Rng, Vector } from '../../../../protocol/method.js';
import { zeros } from '../../../../protocol/numerics/vector.js';
import { keyOf, type WordHash } from '../../../device/word-hash.js';
import { sizeOf } from './layer.js';
import type { MaskOf } from './network-pass.js';

const RANGE = 2 ** 32;

/**
 * Masks of a batch: keyed by the layer's place, the example (its row among the training examples) and the parameters. So they are
 * the same in every placement and at every repetition of a round, and new at every step. `hash`: of the parameters, taken where there
 * is a mask. `room`: for so many numbers, whatever they are.
 */
export function masksOf(
  rng: Rng,
  hash: () => WordHash,
  precision: Precision,
  rows: Uint32Array,
  room: (length: number) => Vector = (length) => zeros(length, precision),
): MaskOf {
  let key: Uint32Array | null = null;
  return (place, shape, rate) => {
    key ??= keyOf(hash());
    const length = sizeOf(shape);
    const mask = room(rows.length * length);
    const words = new Uint32Array(length);
    // By the truth of a comparison: a branch would be predicted wrongly as often as not.
    const factors = [0, 1 / (1 - rate)] as const;
    const limit = rate * RANGE;
    for (const [i, row] of rows.entries()) {
      rng.derive(place, row, ...key).words(words);
      const at = i * length;
      for (let j = 0; j < length; j++) mask[at + j] = factors[Number(words[j]! >= limit) as 0 | 1];
    }
    return mask;
  };
}
