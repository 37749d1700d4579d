/**
 * The discrete Gaussian on the integers, P[x] proportional to e^(-x^2 / (2 stddev^2)), sampled exactly from uniform words.
 *
 * Source: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020, Algorithms 1 to 3. No
 * probability is ever rounded. Where the paper has a coin of rational probability p, the first 32 bits of a uniform number
 * are compared with a double of p; only when they are too close to decide is p computed to further digits, in integers. The
 * running time depends on what is drawn: do not use it where an adversary can time single draws.
 */
import { GradswarmError } from '../../errors.js';
import type { RandomWords } from './random-words.js';

/** Relative error of the double arithmetic below, generously. */
const DOUBLE_ERROR = 1e-11;
const LARGEST_STDDEV = 2 ** 40;

/** A finite positive double as the fraction it is. */
function exactFraction(x: number): { readonly numerator: bigint; readonly denominator: bigint } {
  let denominator = 1n;
  let scaled = x;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    denominator *= 2n;
  }
  return { numerator: BigInt(scaled), denominator };
}

/** True with probability e^-1: of the coins 1/1, 1/2, 1/3, ... the first to fail is an odd one. */
function coinOfInverseE(words: RandomWords): boolean {
  let k = 1;
  while (k === 1 || words.below(k) === 0) k++;
  return k % 2 === 1;
}

/** True with probability e^(-numerator / denominator) for whole 0 <= numerator <= denominator. */
function coinOfExponential(words: RandomWords, numerator: number, denominator: number): boolean {
  let k = 1;
  while (words.below(denominator * k) < numerator) k++;
  return k % 2 === 1;
}

/** True with probability x / y, 0 <= x <= y: compares a uniform number, whose first word is given, with the digits of x / y. */
export function coinContinued(words: RandomWords, x: bigint, y: bigint, firstWord: number): boolean {
  let remainder = x;
  for (let word = firstWord; ; word = words.next()) {
    const shifted = remainder << 32n;
    const digit = Number(shifted / y);
    if (word !== digit) return word < digit;
    remainder = shifted % y;
    if (remainder === 0n) return false;
  }
}

/** Discrete Laplace with scale t (whole): P[x] proportional to e^(-|x| / t). Algorithm 2. */
function discreteLaplace(words: RandomWords, t: number): number {
  for (;;) {
    const offset = words.below(t);
    if (!coinOfExponential(words, offset, t)) continue;
    let magnitude = offset;
    while (coinOfInverseE(words)) magnitude += t;
    const negative = words.next() % 2 === 1;
    if (negative && magnitude === 0) continue;
    return negative ? -magnitude : magnitude;
  }
}

/** Draws with one fixed stddev, in (0, 2^40]. */
export class DiscreteGaussian {
  private readonly laplaceScale: number;
  private readonly variance: number;
  /** Numerator and denominator of the variance, and of the exponent's scale 2 variance t^2. */
  private readonly numerator: bigint;
  private readonly denominator: bigint;
  private readonly exponentDenominator: bigint;

  constructor(
    private readonly words: RandomWords,
    stddev: number,
  ) {
    if (!(stddev > 0 && stddev <= LARGEST_STDDEV))
      throw new GradswarmError('ERR_PRIVACY', `discrete Gaussian: expected a stddev in (0, 2^40], got ${stddev}`);
    const { numerator, denominator } = exactFraction(stddev);
    this.numerator = numerator * numerator;
    this.denominator = denominator * denominator;
    this.laplaceScale = Math.floor(stddev) + 1;
    this.variance = stddev * stddev;
    const scale = BigInt(this.laplaceScale);
    this.exponentDenominator = 2n * this.numerator * this.denominator * scale * scale;
  }

  /** One integer. Algorithm 3. */
  draw(): number {
    for (;;) {
      const candidate = discreteLaplace(this.words, this.laplaceScale);
      if (this.accepts(Math.abs(candidate))) return candidate;
    }
  }

  /** True with probability e^-gamma, gamma = (|y| - variance / t)^2 / (2 variance). */
  private accepts(magnitude: number): boolean {
    const distance = magnitude - this.variance / this.laplaceScale;
    const gamma = (distance * distance) / (2 * this.variance);
    // The difference above cancels: its absolute error is that of its larger term.
    const error = DOUBLE_ERROR * (1 + gamma + (magnitude * magnitude) / this.variance);
    let whole = Math.floor(gamma);
    if (gamma - whole <= error || gamma - whole >= 1 - error)
      whole = Number(this.exactGamma(magnitude) / this.exponentDenominator);
    for (let i = 0; i < whole; i++) if (!coinOfInverseE(this.words)) return false;
    const fraction = Math.min(1, Math.max(0, gamma - whole));
    let k = 1;
    while (this.coin(fraction / k, error / k, magnitude, whole, k)) k++;
    return k % 2 === 1;
  }

  /** True with probability (gamma - whole) / k, which is `about` to within `error`. */
  private coin(about: number, error: number, magnitude: number, whole: number, k: number): boolean {
    const word = this.words.next();
    const scaled = about * 4294967296;
    const margin = 1 + error * 4294967296;
    if (word + 1 < scaled - margin) return true;
    if (word > scaled + margin) return false;
    const numerator = this.exactGamma(magnitude) - BigInt(whole) * this.exponentDenominator;
    return coinContinued(this.words, numerator, this.exponentDenominator * BigInt(k), word);
  }

  /** Numerator of gamma over `exponentDenominator`: (|y| t d - n)^2. */
  private exactGamma(magnitude: number): bigint {
    const difference = BigInt(magnitude) * BigInt(this.laplaceScale) * this.denominator - this.numerator;
    return difference * difference;
  }
}
