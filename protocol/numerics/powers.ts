import { exp, log } from './elementary.js';

/**
 * base^exponent for a non-negative integer exponent, by squaring, since Math.pow differs between engines. Relative error at most
 * exponent * 2^-53.
 */
export function integerPower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** base^exponent for base >= 0: by squaring for an integer exponent, else exp(exponent log base). */
export function power(base: number, exponent: number): number {
  if (Number.isSafeInteger(exponent))
    return exponent < 0 ? 1 / integerPower(base, -exponent) : integerPower(base, exponent);
  if (base === 0) return exponent > 0 ? 0 : Number.POSITIVE_INFINITY;
  return exp(exponent * log(base));
}
