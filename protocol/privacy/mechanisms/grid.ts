import { GradswarmError } from '../../errors.js';
import type { ReadonlyVector } from '../../method.js';

/**
 * The grid that values are rounded to before discrete noise: a power of two, so that every released number is an exact
 * multiple of it. Doubles have holes through which a float sampler leaks the low bits of what it hides (Mironov 2012);
 * integers have none.
 */
const bits = new DataView(new ArrayBuffer(8));
const STEPS_PER_SENSITIVITY = 1024;
/** Binary digits kept of the noise's stddev in grid units: its square then stays short in exact arithmetic. */
const STDDEV_DIGITS = 2 ** 20;

/** The largest power of two at most x, for finite x >= 2^-1000. */
export function powerOfTwoBelow(x: number): number {
  bits.setFloat64(0, x);
  bits.setBigUint64(0, bits.getBigUint64(0) & 0x7ff0000000000000n);
  return bits.getFloat64(0);
}

/** Grid step for a release: rounding then enlarges the sensitivity by at most a thousandth. */
export function gridStep(l2Sensitivity: number, length: number): number {
  return powerOfTwoBelow(l2Sensitivity / (STEPS_PER_SENSITIVITY * Math.sqrt(length)));
}

/**
 * L2 sensitivity after rounding to the nearest grid point: each of two neighbouring values moves by at most
 * sqrt(length) step / 2.
 */
export function roundedSensitivity(l2Sensitivity: number, length: number, step: number): number {
  return l2Sensitivity + Math.sqrt(length) * step;
}

/** Stddev of the discrete noise in grid units, rounded up to 20 binary digits. */
export function gridStddev(noiseMultiplier: number, sensitivity: number, step: number): number {
  const stddev = (noiseMultiplier * sensitivity) / step;
  const unit = powerOfTwoBelow(stddev) / STDDEV_DIGITS;
  return Math.ceil(stddev / unit) * unit;
}

/** Nearest grid points, as integers in units of the step. ERR_PRIVACY beyond 2^52 steps, where doubles skip integers. */
export function roundToGrid(value: ReadonlyVector, step: number): Float64Array {
  const result = new Float64Array(value.length);
  for (let i = 0; i < result.length; i++) {
    const steps = Math.floor(value[i]! / step + 0.5);
    if (!(Math.abs(steps) < 2 ** 52))
      throw new GradswarmError(
        'ERR_PRIVACY',
        `grid noise: entry ${i} is ${value[i]}, beyond 2^52 steps of ${step}; the value is far larger than its sensitivity`,
      );
    result[i] = steps;
  }
  return result;
}
