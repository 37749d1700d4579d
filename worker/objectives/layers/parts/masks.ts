import type { Precision, Rng, Vector } from '../../../../protocol/method.js';
import { drawFactors } from '../../../../protocol/numerics/random.js';
import { zeros } from '../../../../protocol/numerics/vector.js';
import { keyOf, type WordHash } from '../../../device/word-hash.js';
import { sizeOf } from './layer.js';
import type { MaskOf } from './network-pass.js';

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
    for (const [i, row] of rows.entries())
      drawFactors(
        rng.derive(place, row, ...key),
        mask.subarray(i * length, (i + 1) * length) as Vector,
        rate,
        1 / (1 - rate),
      );
    return mask;
  };
}
