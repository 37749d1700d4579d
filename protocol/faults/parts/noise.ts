import type { ReadonlyVector, Rng, Vector } from '../../method.js';
import { laplace, studentT } from '../../numerics/distributions.js';
import { squaredNorm, zerosLike } from '../../numerics/vector.js';
import { atLeastZero, number, oneOf } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';

/** Inexact communication. Both functions return a new vector of the same precision and do not change their argument. */

export const noiseSettings = {
  distribution: oneOf(['gaussian', 'laplace', 'student-t'], 'gaussian', 'Shape of the noise'),
  stddev: atLeastZero(required, 'Of each number, whatever the distribution; 0: only relative noise'),
  relativeVariance: atLeastZero(0, 'c: the variance of each number grows by c |value|^2 / length'),
  degreesOfFreedom: number(2.5, "Of Student's t", { above: 2 }),
};
const noise = defineSettings(noiseSettings);

/** value + noise of mean 0 and variance stddev^2 + c |value|^2 / length in each number; null where that is 0. */
export function noisy(value: ReadonlyVector, settings: SettingsOf<typeof noise>, own: Rng): Vector | null {
  const { distribution, degreesOfFreedom: degrees } = settings;
  const { length } = value;
  if (length === 0) return null;
  const relative = settings.relativeVariance === 0 ? 0 : (settings.relativeVariance * squaredNorm(value)) / length;
  const stddev = Math.sqrt(settings.stddev * settings.stddev + relative);
  if (stddev === 0) return null;
  const result = zerosLike(value);
  if (distribution === 'gaussian') {
    const normals = own.normal(length);
    for (let i = 0; i < length; i++) result[i] = value[i]! + stddev * normals[i]!;
  } else if (distribution === 'laplace') {
    // Laplace of scale b has variance 2 b^2.
    const scale = stddev / Math.SQRT2;
    for (let i = 0; i < length; i++) result[i] = value[i]! + laplace(own, scale);
  } else {
    // Student's t has variance degrees / (degrees - 2).
    const scale = stddev * Math.sqrt((degrees - 2) / degrees);
    for (let i = 0; i < length; i++) result[i] = value[i]! + scale * studentT(own, degrees);
  }
  return result;
}

/**
 * Q(z) = step (floor(z / step) + Bernoulli(z / step - floor(z / step))): unbiased, of variance step^2 p (1 - p) <= step^2 / 4 with p
 * the Bernoulli's probability.
 */
export function quantised(value: ReadonlyVector, step: number, own: Rng): Vector {
  const result = zerosLike(value);
  for (let i = 0; i < result.length; i++) {
    const scaled = value[i]! / step;
    const below = Math.floor(scaled);
    result[i] = step * (own.uniform() < scaled - below ? below + 1 : below);
  }
  return result;
}
