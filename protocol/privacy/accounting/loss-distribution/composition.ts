/**
 * The loss of a composition is a sum of independent losses. Its law is found by one Fourier transform a kind of release, of
 * the tilted masses mass e^(tilt loss - K(tilt)), a power, and one transform back.
 */
import { exp, expm1, log } from '../../../numerics/elementary.js';
import { composedCumulant, cumulant, type RepeatedLosses, type Window } from './cumulants.js';
import { transform, transformError, twiddlesOf, UNIT_ROUNDOFF } from './fourier.js';

/** Sums by residue of the window's grid, in tilted form, and a bound on the error of each. */
interface TiltedSums {
  /** Index on the loss grid of entry 0, which lies at origin * spacing + shift. */
  readonly origin: number;
  readonly shift: number;
  readonly values: Float64Array;
  readonly error: number;
}

/** A relative error of a complex product, in unit roundoffs: sqrt 5, rounded up. */
const ROUNDOFFS_PER_PRODUCT = 2.3;

/** Grid points from one end of the window to the other, rounded up to a power of two. */
export function transformSize(window: Window, spacing: number): number {
  return 2 ** Math.max(3, Math.ceil(Math.log2((window.high - window.low) / spacing + 3)));
}

function tiltedSums(releases: readonly RepeatedLosses[], tilt: number, window: Window, sign: 1 | -1): TiltedSums {
  const spacing = releases[0]!.losses.spacing;
  const size = transformSize(window, spacing);
  const twiddles = twiddlesOf(size);
  const half = size / 2 + 1;
  const productReal = new Float64Array(size).fill(1);
  const productImaginary = new Float64Array(size);
  const logMajorant = new Float64Array(half);
  const relative = new Float64Array(half);
  const perOutput = transformError(size);
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  let shift = 0;
  for (const { losses, count } of releases) {
    real.fill(0);
    imaginary.fill(0);
    shift += count * losses.shift;
    const norm = foldTilted(real, { losses, count }, tilt, sign);
    transform(real, imaginary, twiddles);
    const error = perOutput * norm;
    for (let k = 0; k < half; k++) {
      const bound = Math.sqrt(real[k]! * real[k]! + imaginary[k]! * imaginary[k]!) * (1 + 2 ** -50) + error;
      logMajorant[k] = logMajorant[k]! + count * log(bound);
      relative[k] = relative[k]! + count * (error / bound + 1.01 * ROUNDOFFS_PER_PRODUCT * UNIT_ROUNDOFF);
      multiplyByPower(productReal, productImaginary, k, real[k]!, imaginary[k]!, count);
    }
  }
  let magnitudes = 0;
  let errors = 0;
  for (let k = 0; k < half; k++) {
    const majorant = exp(logMajorant[k]! * (1 - 2 ** -50)) * 1.01;
    const both = k === 0 || k === half - 1 ? 1 : 2;
    magnitudes += both * majorant;
    errors += both * majorant * Math.min(2, relative[k]! * 1.01);
    if (k > 0 && k < half - 1) {
      productReal[size - k] = productReal[k]!;
      productImaginary[size - k] = -productImaginary[k]!;
    }
  }
  transform(productReal, productImaginary, twiddles, true);
  for (let j = 0; j < size; j++) productReal[j] = productReal[j]! / size;
  const origin = Math.floor((window.low - shift) / spacing);
  return { origin, shift, values: productReal, error: (1.01 * (errors + perOutput * magnitudes)) / size + 1e-300 };
}

/** Adds the tilted masses at the residues of their grid index; returns their sum. Rounded up or down, by `sign`. */
function foldTilted(into: Float64Array, release: RepeatedLosses, tilt: number, sign: 1 | -1): number {
  const { masses, spacing, first, shift } = release.losses;
  const norm = cumulant(release, tilt);
  const size = into.length;
  let place = ((first % size) + size) % size;
  let total = 0;
  const roundoffs = 24 + (2 * masses.length) / size;
  for (let i = 0; i < masses.length; i++) {
    if (masses[i] !== 0) {
      const exponent = tilt * ((first + i) * spacing + shift) - norm;
      const rounding = (Math.abs(exponent) + Math.abs(norm) + roundoffs) * 2 ** -51;
      const mass = masses[i]! * exp(exponent) * (1 + sign * rounding);
      into[place] = into[place]! + mass;
      total += mass;
    }
    place = place + 1 === size ? 0 : place + 1;
  }
  return total;
}

/** product[k] *= (real + i imaginary)^count, by repeated squaring. */
function multiplyByPower(
  productReal: Float64Array,
  productImaginary: Float64Array,
  k: number,
  real: number,
  imaginary: number,
  count: number,
): void {
  let powerReal = productReal[k]!;
  let powerImaginary = productImaginary[k]!;
  let rest = count;
  for (;;) {
    if (rest % 2 === 1) {
      const next = powerReal * real - powerImaginary * imaginary;
      powerImaginary = powerReal * imaginary + powerImaginary * real;
      powerReal = next;
    }
    rest = Math.floor(rest / 2);
    if (rest === 0) break;
    const square = real * real - imaginary * imaginary;
    imaginary = 2 * real * imaginary;
    real = square;
  }
  productReal[k] = powerReal;
  productImaginary[k] = powerImaginary;
}

/** delta(epsilon) of a composition from one side, for epsilons in [lowest, highest]. */
export interface PrivacyCurve {
  readonly lowest: number;
  readonly highest: number;
  delta(epsilon: number): number;
  /** What delta includes for the rounding of the transform. */
  noise(epsilon: number): number;
}

/** An upper bound at sign 1, a lower bound at sign -1, of losses that are such bounds themselves. */
export function composedCurve(
  releases: readonly RepeatedLosses[],
  tilt: number,
  window: Window,
  sign: 1 | -1,
): PrivacyCurve {
  const spacing = releases[0]!.losses.spacing;
  const { origin, shift, values, error } = tiltedSums(releases, tilt, window, sign);
  const size = values.length;
  const norm = composedCumulant(releases, tilt);
  const lossAt = (j: number) => (origin + j) * spacing + shift;
  // mass[j]: P of a loss of at least that of entry j; curve[j]: delta there. Both from the top, of positive terms only.
  const mass = new Float64Array(size + 1);
  const curve = new Float64Array(size + 1);
  const stay = exp(-spacing);
  const gain = -expm1(-spacing);
  for (let j = size - 1; j >= 0; j--) {
    const loss = lossAt(j);
    const exponent = norm - tilt * loss;
    const scale = exp(exponent);
    const rounding = (Math.abs(norm) + Math.abs(tilt * loss) + 8) * 2 ** -51;
    const residue = (((origin + j) % size) + size) % size;
    const tilted = Math.max(0, values[residue]! + sign * error);
    // In this order: what lies above entry j, seen from there.
    curve[j] = curve[j + 1]! * stay + mass[j + 1]! * gain;
    mass[j] = mass[j + 1]! + tilted * scale * (1 + sign * rounding);
  }
  const infinity = releases.reduce((sum, { losses, count }) => sum + count * losses.infinity, 0);
  const rounding = 1 + sign * size * 2 ** -51;
  const outside = (epsilon: number) =>
    sign > 0
      ? infinity + window.massAbove * exp(norm - tilt * lossAt(size))
      : -(window.massAbove + window.massBelow) * exp(norm - tilt * epsilon) * (1 + 2 ** -40);
  return {
    lowest: Math.max(0, lossAt(0)),
    highest: lossAt(size - 1),
    // Errors above epsilon weigh e^(-tilt loss) each: a geometric series.
    noise: (epsilon) => (error * exp(norm - tilt * epsilon)) / Math.max(1 / size, -expm1(-tilt * spacing)),
    delta(epsilon: number): number {
      const next = Math.min(size, Math.max(0, Math.ceil((epsilon - shift) / spacing) - origin));
      const distance = Math.max(0, lossAt(next) - epsilon);
      const inside = curve[next]! * exp(-distance) - mass[next]! * expm1(-distance);
      return Math.min(1, Math.max(0, inside * rounding + outside(epsilon)));
    },
  };
}
