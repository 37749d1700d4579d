import { exp, log } from './elementary.js';

/** The standard normal distribution with small relative error in both tails, and fixed bits on every engine. */

const INVERSE_SQRT_2PI = 0.398942280401432677939946;

/** Density at x. The square is split, so that the relative error stays near one unit in the last place for large x. */
export function normalDensity(x: number): number {
  const near = Math.floor(x * 16) / 16;
  return INVERSE_SQRT_2PI * exp(-0.5 * near * near) * exp(-0.5 * (x - near) * (x + near));
}

/** P(0 < X < x) for |x| <= 3 or so, all terms of one sign: phi(x) (x + x^3/3 + x^5/(3 5) + ...). */
function centralProbability(x: number): number {
  const square = x * x;
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= square / k;
    sum += term;
  }
  return normalDensity(x) * sum;
}

/** P(X > x) for x >= 1: Laplace's continued fraction phi(x) / (x + 1/(x + 2/(x + ...))), from the far end. */
function upperTail(x: number): number {
  if (x > 39) return 0;
  let fraction = x;
  for (let k = 20 + Math.ceil(520 / (x * x)); k >= 1; k--) fraction = x + k / fraction;
  return normalDensity(x) / fraction;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

// Rational approximations of Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988.
const CENTRE = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
  67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const CENTRE_DIVISOR = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
  28729.085735721942674, 5226.495278852854561,
];
const MIDDLE = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const MIDDLE_DIVISOR = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const FAR = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
  0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const FAR_DIVISOR = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];

/**
 * x with P(X <= x) = p, for p in [0, 1]; -Infinity and Infinity at the ends, NaN outside. Relative error near 1e-15,
 * also in the lower tail down to p = 1e-300 (the upper tail is limited by the spacing of doubles below 1). One
 * Newton-Halley step after AS 241.
 */
export function inverseNormalCdf(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    const x = (q * polynomial(CENTRE, r)) / polynomial(CENTRE_DIVISOR, r);
    return halley(x, (centralProbability(x) - q) / normalDensity(x));
  }
  const tail = q < 0 ? p : 1 - p;
  const r = Math.sqrt(-log(tail));
  const size =
    r <= 5
      ? polynomial(MIDDLE, r - 1.6) / polynomial(MIDDLE_DIVISOR, r - 1.6)
      : polynomial(FAR, r - 5) / polynomial(FAR_DIVISOR, r - 5);
  // Below this the density is close to the smallest numbers, and the correction would be noise.
  const x = tail < 1e-300 ? size : -halley(-size, (upperTail(size) - tail) / normalDensity(size));
  return q < 0 ? -x : x;
}

function halley(x: number, newtonStep: number): number {
  return x - newtonStep / (1 + 0.5 * x * newtonStep);
}
