import type { Precision, ReadonlyVector, Rng, Vector } from '../../../protocol/method.js';
import { log } from '../../../protocol/numerics/elementary.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { zeros } from '../../../protocol/numerics/vector.js';

/** Vectors on which compression codes behave differently. */

export function gaussian(length: number, precision: Precision, seed = 3): Vector {
  return rootStream(seed, precision).derive('gaussian').normal(length);
}

/** A random sign times the cube of a standard exponential: most of the energy in few entries. */
export function heavyTailed(length: number, precision: Precision, seed = 4): Vector {
  const rng = rootStream(seed, precision).derive('heavy');
  const result = zeros(length, precision);
  for (let i = 0; i < length; i++) result[i] = (rng.below(2) === 0 ? 1 : -1) * (-log(1 - rng.uniform())) ** 3;
  return result;
}

/** About one entry in eight is not zero. */
function sparse(length: number, precision: Precision): Vector {
  const rng = rootStream(5, precision).derive('sparse');
  return gaussian(length, precision, 6).map((x: number) => (rng.below(8) === 0 ? x : 0)) as Vector;
}

/** Multiples of the smallest float32 number, both signs: all of them below float32's normal range. */
function denormal(length: number, precision: Precision): Vector {
  const rng = rootStream(7, precision).derive('denormal');
  const result = zeros(length, precision);
  for (let i = 0; i < length; i++) result[i] = (rng.below(20001) - 10000) * 2 ** -149;
  return result;
}

export const INPUTS: Readonly<Record<string, (length: number, precision: Precision) => Vector>> = {
  gaussian,
  'heavy tail': heavyTailed,
  sparse,
  constant: (length, precision) => zeros(length, precision).fill(-0.7),
  'one-hot': (length, precision) => {
    const result = zeros(length, precision);
    if (length > 0) result[length >> 1] = -3.3;
    return result;
  },
  zeros,
  denormals: denormal,
};

export function squaredError(a: ReadonlyVector, b: ReadonlyVector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

export function stream(seed: number, precision: Precision = 'float32'): Rng {
  return rootStream(seed, precision).derive('codec test');
}
