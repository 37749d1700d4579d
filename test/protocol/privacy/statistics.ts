import { normalCdf } from '../../../protocol/numerics/special-functions.js';

/** Two-sided normal quantile of 1e-6: every bound below is passed wrongly once in a million. */
const QUANTILE = 4.891638475698784;

/** Interval of a chi-square variable with k degrees of freedom outside which it falls with probability 1e-6 (Wilson, Hilferty). */
export function chiSquareBounds(k: number): readonly [number, number] {
  const at = (z: number) => k * (1 - 2 / (9 * k) + z * Math.sqrt(2 / (9 * k))) ** 3;
  return [at(-QUANTILE), at(QUANTILE)];
}

/** Does the sum of (x / stddev)^2 lie within the bounds of as many degrees of freedom? */
export function hasStddev(sample: ArrayLike<number>, stddev: number): boolean {
  let sum = 0;
  for (let i = 0; i < sample.length; i++) sum += (sample[i]! / stddev) ** 2;
  const [low, high] = chiSquareBounds(sample.length);
  return sum > low && sum < high;
}

/** Is the mean within 5 standard errors of 0? */
export function hasZeroMean(sample: ArrayLike<number>, stddev: number): boolean {
  let sum = 0;
  for (let i = 0; i < sample.length; i++) sum += sample[i]!;
  return Math.abs(sum / sample.length) < (5 * stddev) / Math.sqrt(sample.length);
}

/** Kolmogorov-Smirnov against N(0, stddev^2) at 1e-6: sqrt(n) D < 2.69. */
export function isNormal(sample: ArrayLike<number>, stddev: number): boolean {
  const sorted = Float64Array.from(sample).sort();
  let distance = 0;
  sorted.forEach((x, i) => {
    const at = normalCdf(x / stddev);
    distance = Math.max(distance, Math.abs(at - i / sorted.length), Math.abs(at - (i + 1) / sorted.length));
  });
  return Math.sqrt(sorted.length) * distance < 2.69;
}

/** Sample correlation times sqrt(n): about standard normal for independent samples. */
export function scaledCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return (Math.sqrt(a.length) * ab) / Math.sqrt(aa * bb);
}

/** Pearson's chi-square of integer draws against probabilities; cells expecting fewer than 10 are pooled in the tails. */
export function followsMass(draws: ArrayLike<number>, mass: (x: number) => number, reach: number): boolean {
  const counts = new Map<number, number>();
  for (let i = 0; i < draws.length; i++) counts.set(draws[i]!, (counts.get(draws[i]!) ?? 0) + 1);
  let statistic = 0;
  let cells = 0;
  let pooledCount = draws.length;
  let pooledMass = 1;
  for (let x = -reach; x <= reach; x++) {
    const expected = mass(x) * draws.length;
    if (expected < 10) continue;
    const count = counts.get(x) ?? 0;
    statistic += (count - expected) ** 2 / expected;
    cells++;
    pooledCount -= count;
    pooledMass -= mass(x);
  }
  const pooled = pooledMass * draws.length;
  if (pooled >= 1) statistic += (pooledCount - pooled) ** 2 / pooled;
  else if (pooledCount > 20) return false;
  const [, high] = chiSquareBounds(cells);
  return statistic < high;
}

/** P[x] of the discrete Gaussian, summed directly. */
export function discreteGaussianMass(stddev: number): (x: number) => number {
  const weight = (x: number) => Math.exp(-(x * x) / (2 * stddev * stddev));
  const reach = Math.ceil(40 * stddev) + 5;
  let total = 0;
  for (let x = -reach; x <= reach; x++) total += weight(x);
  return (x) => weight(x) / total;
}
