import { exp } from '../../../numerics/elementary.js';
import { normalCdf } from '../../../numerics/special-functions.js';

const INVERSE_SQRT_TWO_PI = 0.39894228040143267794;
/** (|middle| + 1) width up to which seven terms of the series are right to a roundoff. */
const NARROW = 0.5;

/**
 * Phi(upper) - Phi(lower), lower <= upper, either possibly infinite, to a few roundoffs of the result (times the square of
 * the larger bound, which rounding of the bounds costs): a narrow interval by the Hermite series of the density about its
 * middle, any other by tails on the side away from zero, so that nothing cancels.
 */
export function normalMass(lower: number, upper: number): number {
  const width = upper - lower;
  const middle = lower + width / 2;
  if ((Math.abs(middle) + 1) * width <= NARROW) return density(middle) * width * relativeMass(middle, width / 2);
  if (lower >= 0) return normalCdf(-lower) - normalCdf(-upper);
  if (upper <= 0) return normalCdf(upper) - normalCdf(lower);
  return 1 - normalCdf(lower) - normalCdf(-upper);
}

/** phi(x) without the rounding of the square, which a large x would blow up. */
function density(x: number): number {
  const head = Math.fround(x);
  return INVERSE_SQRT_TWO_PI * exp(-0.5 * head * head) * exp(-0.5 * (x - head) * (x + head));
}

/** Mean of e^(-m t - t^2 / 2) over |t| <= h: the sum over k of He_2k(m) h^2k / (2k + 1)!. */
function relativeMass(m: number, h: number): number {
  const square = h * h;
  let even = 1;
  let odd = m;
  let factor = 1;
  let sum = 1;
  for (let n = 2; n <= 12; n += 2) {
    even = m * odd - (n - 1) * even;
    odd = m * even - n * odd;
    factor *= square / (n * (n + 1));
    sum += even * factor;
  }
  return sum;
}
