/**
 * The discrete Fourier transform of a power of two of points, with a bound on its rounding. Twiddles come from the fixed-bit
 * sine and cosine, so that the same input gives the same bits on every engine.
 */
import { cosineOfTurns, sineOfTurns } from '../../../numerics/elementary.js';

/** Half the spacing of doubles at 1. */
export const UNIT_ROUNDOFF = 2 ** -53;

/**
 * Relative error of one level of butterflies, in unit roundoffs: a complex product (at most sqrt 5, Brent, Percival and
 * Zimmermann 2007), its twiddle (each part right to a roundoff or two), and a sum.
 */
const ROUNDOFFS_PER_LEVEL = 8;

/** Cosines and negative sines of k / size turns, k below size / 2. */
export interface Twiddles {
  readonly size: number;
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

export function twiddlesOf(size: number): Twiddles {
  const half = Math.max(1, size / 2);
  const cosines = new Float64Array(half);
  const sines = new Float64Array(half);
  for (let k = 0; k < half; k++) {
    cosines[k] = cosineOfTurns(k / size);
    sines[k] = -sineOfTurns(k / size);
  }
  return { size, cosines, sines };
}

/**
 * Bound on the error of each output, per unit of the sum of the inputs' magnitudes. Every output is a sum in which each input
 * passes log2(size) levels, so that the relative errors of the levels add up along its way.
 */
export function transformError(size: number): number {
  return 1.01 * ROUNDOFFS_PER_LEVEL * Math.log2(size) * UNIT_ROUNDOFF;
}

/** X_k = sum over j of x_j e^(-2 pi i j k / size), in place; `inverse`: with the other sign, not divided by size. */
export function transform(real: Float64Array, imaginary: Float64Array, twiddles: Twiddles, inverse = false): void {
  const { size, cosines, sines } = twiddles;
  permute(real, imaginary, size);
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const cosine = cosines[k * stride]!;
        const sine = inverse ? -sines[k * stride]! : sines[k * stride]!;
        const even = start + k;
        const odd = even + half;
        const oddReal = real[odd]! * cosine - imaginary[odd]! * sine;
        const oddImaginary = real[odd]! * sine + imaginary[odd]! * cosine;
        real[odd] = real[even]! - oddReal;
        imaginary[odd] = imaginary[even]! - oddImaginary;
        real[even] = real[even]! + oddReal;
        imaginary[even] = imaginary[even]! + oddImaginary;
      }
    }
  }
}

/** Bit-reversed order. */
function permute(real: Float64Array, imaginary: Float64Array, size: number): void {
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const a = real[i]!;
    real[i] = real[j]!;
    real[j] = a;
    const b = imaginary[i]!;
    imaginary[i] = imaginary[j]!;
    imaginary[j] = b;
  }
}
