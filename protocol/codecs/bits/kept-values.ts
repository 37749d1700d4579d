import type { Precision, ReadonlyVector, Vector } from '../../method.js';
import { zeros, zerosLike } from '../../numerics/vector.js';
import { count, fraction } from '../../settings/kinds.js';
import type { Codec, CodecContract } from '../codec.js';
import { resultOf } from './body.js';

/** What the sparse codecs do with the entries they keep: a nested codec carries them. */

/**
 * With share s >= k / d of the energy kept and a relative error w of the nested code on it, the whole error is at most
 * (1 - s) + w s = 1 - s (1 - w) of |x|^2: contractive when w < 1 for sure. Exact values: w = 0. Contractive ones: w = 1 -
 * delta of theirs. Unbiased ones: w <= omega, so their omega must have a bound below 1 whatever k.
 */
export function contractOfKept(values: Codec): CodecContract {
  if (values.contract === 'lossless' || values.contract === 'contractive') return 'contractive';
  return values.contract === 'unbiased' && (values.omega ?? Infinity) < 1 ? 'contractive' : 'none';
}

export function gather(value: ReadonlyVector, indices: Uint32Array): Vector {
  const kept = zerosLike(value, indices.length);
  for (let j = 0; j < indices.length; j++) kept[j] = value[indices[j]!]!;
  return kept;
}

export function scatter(
  kept: ReadonlyVector,
  indices: Uint32Array,
  length: number,
  precision: Precision,
  into?: Vector,
): Vector {
  const result = into === undefined ? zeros(length, precision) : resultOf(length, precision, into).fill(0);
  for (let j = 0; j < indices.length; j++) result[indices[j]!] = kept[j]!;
  return result;
}

/** Energy of what is left out, plus the expected error of the kept values' code. */
export function sparseError(value: ReadonlyVector, indices: Uint32Array, values: Codec): number {
  let sum = 0;
  for (let i = 0, j = 0; i < value.length; i++) {
    if (j < indices.length && indices[j] === i) j++;
    else sum += value[i]! * value[i]!;
  }
  return sum + (values.expectedSquaredError?.(gather(value, indices)) ?? 0);
}

/** Settings of the codecs that keep k of d entries: `count`, or ceil(`fraction` d) where count is null. */
export const keptSettings = {
  fraction: fraction(0.01, 'k / d, where count is null'),
  count: count(null, 'k; null: by fraction', 2147483647),
};

/** How many of `length` numbers are kept; `ratio`: fraction of them, 0 where a count is given. */
export function keptCount(settings: { readonly fraction: number; readonly count: number | null }): {
  readonly ratio: number;
  keptOf(length: number): number;
} {
  const { fraction: ratio, count: most } = settings;
  if (most !== null) return { ratio: 0, keptOf: (length) => Math.min(most, length) };
  // Rounded up, so that length / kept never passes 1 / fraction; the factor keeps 0.07 * 100 from becoming 8.
  return { ratio, keptOf: (length) => Math.min(length, Math.ceil(ratio * length * (1 - 1e-12))) };
}
