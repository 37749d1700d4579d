import type { ReadonlyVector } from '../method.js';
import { cosineOfTurns, sineOfTurns } from './elementary.js';

/** sum_i (x_i - mean)(x_{i+lag} - mean) / n, by its definition: O(n) for one lag. */
export function autocovarianceAt(x: ReadonlyVector, mean: number, lag: number): number {
  const n = x.length;
  let sum = 0;
  for (let i = 0; i + lag < n; i++) sum += (x[i]! - mean) * (x[i + lag]! - mean);
  return sum / n;
}

/**
 * The same at all lags 0 to n - 1 by Fourier transform: O(n log n) together. Agrees with the definition to rounding.
 */
export function autocovariances(x: ReadonlyVector, mean: number): Float64Array {
  const n = x.length;
  // Twice the length, so that no lag wraps around.
  let size = 2;
  while (size < 2 * n) size *= 2;
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  for (let i = 0; i < n; i++) real[i] = x[i]! - mean;
  transform(real, imaginary);
  for (let k = 0; k < size; k++) {
    real[k] = real[k]! * real[k]! + imaginary[k]! * imaginary[k]!;
    imaginary[k] = 0;
  }
  // A power spectrum is symmetric, so a second forward transform is its inverse up to the factor `size`.
  transform(real, imaginary);
  return Float64Array.from({ length: n }, (_, lag) => real[lag]! / size / n);
}

/** Fast Fourier transform in place (radix 2, decimation in time); the length is a power of two. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(real, i, j);
      swap(imaginary, i, j);
    }
  }
  const cosines = new Float64Array(size / 2);
  const sines = new Float64Array(size / 2);
  for (let k = 0; k < size / 2; k++) {
    cosines[k] = cosineOfTurns(k / size);
    sines[k] = -sineOfTurns(k / size);
  }
  for (let span = 1; span < size; span *= 2) {
    const stride = size / (2 * span);
    for (let start = 0; start < size; start += 2 * span)
      for (let k = 0; k < span; k++) {
        const c = cosines[k * stride]!;
        const s = sines[k * stride]!;
        const low = start + k;
        const high = low + span;
        const re = real[high]! * c - imaginary[high]! * s;
        const im = real[high]! * s + imaginary[high]! * c;
        real[high] = real[low]! - re;
        imaginary[high] = imaginary[low]! - im;
        real[low] = real[low]! + re;
        imaginary[low] = imaginary[low]! + im;
      }
  }
}

function swap(values: Float64Array, i: number, j: number): void {
  const held = values[i]!;
  values[i] = values[j]!;
  values[j] = held;
}
