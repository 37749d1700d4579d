import type { ReadonlyVector } from '../../protocol/method.js';
import { autocovarianceAt, autocovariances } from '../../protocol/numerics/autocovariance.js';
import { log } from '../../protocol/numerics/elementary.js';
import { inverseNormalCdf } from '../../protocol/numerics/normal-distribution.js';

/**
 * Convergence diagnostics of one scalar quantity over M chains of n draws (Vehtari, Gelman, Simpson, Carpenter,
 * Bürkner, "Rank-normalization, folding, and localization: an improved R-hat", Bayesian Analysis 2021). Where
 * implementations differ, ArviZ's rules are used, with two exceptions; docs/bayesian.md lists them all.
 *
 * They measure mixing, never bias: chains that agree on a wrong law pass all of them.
 */

/** One typed array of n draws for each chain, all of one length. */
export type Chains = readonly ReadonlyVector[];

function checked(chains: Chains): Chains {
  const n = chains[0]?.length ?? 0;
  if (n < 4) throw new RangeError(`diagnostics need at least 4 draws a chain, got ${n}`);
  for (const chain of chains)
    if (chain.length !== n) throw new RangeError(`chains of ${n} and ${chain.length} draws: all must have one length`);
  return chains;
}

function hasNonFinite(chains: Chains): boolean {
  for (const chain of chains) for (let i = 0; i < chain.length; i++) if (!Number.isFinite(chain[i]!)) return true;
  return false;
}

/** Largest draw less the smallest. */
function rangeOf(chains: Chains): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const chain of chains)
    for (let i = 0; i < chain.length; i++) {
      low = Math.min(low, chain[i]!);
      high = Math.max(high, chain[i]!);
    }
  return high - low;
}

/** First and last floor(n / 2) draws of each chain; a middle draw is left out. */
function splitChains(chains: Chains): readonly ReadonlyVector[] {
  return chains.flatMap((chain) => {
    const half = Math.floor(chain.length / 2);
    return [chain.subarray(0, half), chain.subarray(chain.length - half)];
  });
}

function pooled(chains: Chains): Float64Array {
  const n = chains[0]!.length;
  const all = new Float64Array(chains.length * n);
  chains.forEach((chain, c) => {
    for (let i = 0; i < n; i++) all[c * n + i] = chain[i]!;
  });
  return all;
}

function rows(all: Float64Array, n: number): Float64Array[] {
  return Array.from({ length: all.length / n }, (_, c) => all.subarray(c * n, (c + 1) * n));
}

/** Phi^-1((r - 3/8) / (count + 1/4)) of the pooled ranks r; ties share their average rank. */
export function rankNormalize(chains: Chains): readonly Float64Array[] {
  const all = pooled(chains);
  const order = Uint32Array.from(all, (_, i) => i).sort((i, j) => all[i]! - all[j]! || i - j);
  const normal = new Float64Array(all.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && all[order[to]!] === all[order[from]!]) to++;
    const averageRank = (from + 1 + to) / 2;
    const z = inverseNormalCdf((averageRank - 0.375) / (all.length + 0.25));
    for (let k = from; k < to; k++) normal[order[k]!] = z;
    from = to;
  }
  return rows(normal, chains[0]!.length);
}

function mean(x: ReadonlyVector): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]!;
  return sum / x.length;
}

/** Divisor length - 1. */
function variance(x: ReadonlyVector): number {
  const centre = mean(x);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - centre) * (x[i]! - centre);
  return sum / (x.length - 1);
}

/** Linear interpolation between order statistics (type 7). `sorted` ascending. */
function quantileOfSorted(sorted: ReadonlyVector, probability: number): number {
  const at = probability * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (at - below) * (high - low);
}

/**
 * Mean of the two middle order statistics. Interpolated, it could round so that the two no longer lie equally far from it:
 * folding would order what must be a tie.
 */
function medianOfSorted(sorted: Float64Array): number {
  const above = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[above]! : (sorted[above - 1]! + sorted[above]!) / 2;
}

/** sqrt(((n - 1)/n W + B/n) / W): W mean within-chain variance, B/n variance of the chain means. Needs two chains. */
function basicRhat(chains: Chains): number {
  const n = chains[0]!.length;
  const within = mean(Float64Array.from(chains, variance));
  const between = variance(Float64Array.from(chains, mean));
  return Math.sqrt((((n - 1) / n) * within + between) / within);
}

/**
 * Larger of the basic R-hat of the split rank-normalised draws and that of the split, folded (|x - median|),
 * rank-normalised ones. Accept below 1.01. One chain gives a value too (ArviZ: NaN). NaN when a draw is not finite or
 * all are equal.
 */
export function rankNormalizedRhat(chains: Chains): number {
  // Before the split, which leaves out a middle draw; and ranks would turn NaN into numbers.
  if (hasNonFinite(checked(chains))) return Number.NaN;
  const split = splitChains(chains);
  const median = medianOfSorted(pooled(split).sort());
  const folded = split.map((chain) => Float64Array.from(chain as ArrayLike<number>, (x) => Math.abs(x - median)));
  const bulk = basicRhat(rankNormalize(split));
  const tail = basicRhat(rankNormalize(folded));
  return Number.isNaN(tail) ? bulk : Number.isNaN(bulk) ? tail : Math.max(bulk, tail);
}

/** Lags up to here are summed directly: fast-mixing chains need no more, and slow ones use a Fourier transform. */
const DIRECT_LAGS = 128;

/** Autocovariance with divisor n, averaged over the chains, as a function of the lag. */
function meanAutocovariance(chains: Chains, means: Float64Array): (lag: number) => number {
  let all: readonly Float64Array[] | undefined;
  return (lag) => {
    if (lag > DIRECT_LAGS) all ??= chains.map((chain, c) => autocovariances(chain, means[c]!));
    let total = 0;
    for (const [c, chain] of chains.entries())
      total += all && lag > DIRECT_LAGS ? all[c]![lag]! : autocovarianceAt(chain, means[c]!, lag);
    return total / chains.length;
  };
}

/**
 * Effective sample size of the mean of chains as they are (no splitting, no ranks): Geyer's initial monotone positive
 * sequence of paired autocorrelations. Constant chains count in full; NaN when a draw is not finite. RangeError: fewer than 2 draws.
 */
export function effectiveSampleSize(chains: Chains): number {
  const n = chains[0]?.length ?? 0;
  if (n < 2) throw new RangeError(`an effective sample size needs at least 2 draws a chain, got ${n}`);
  const drawCount = chains.length * n;
  if (hasNonFinite(chains)) return Number.NaN;
  if (rangeOf(chains) < 1e-15) return drawCount;
  const means = Float64Array.from(chains, mean);
  const autocovariance = meanAutocovariance(chains, means);
  const atZero = autocovariance(0);
  const within = (atZero * n) / (n - 1);
  const total = atZero + (chains.length > 1 ? variance(means) : 0);
  const autocorrelation = (lag: number) => 1 - (within - autocovariance(lag)) / total;

  const kept: number[] = [];
  let even = 1;
  let odd = autocorrelation(1);
  for (let evenLag = 2; evenLag < n - 2 && even + odd > 0; evenLag += 2) {
    kept.push(even + odd);
    even = autocorrelation(evenLag);
    odd = autocorrelation(evenLag + 1);
  }
  let sum = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const pair of kept) {
    smallest = Math.min(smallest, pair);
    sum += smallest;
  }
  // The even lag of the pair that ended the search counts once: if positive, or if the lags ran out before the pairs did.
  const last = even + odd >= 0 ? even : Math.max(even, 0);
  const tau = Math.max(-1 + 2 * sum + last, Math.LN10 / log(drawCount));
  return drawCount / tau;
}

/** Effective sample size for the centre of the law: split, rank-normalised. Ask for at least 100 a chain. NaN as above. */
export function bulkEss(chains: Chains): number {
  return hasNonFinite(checked(chains)) ? Number.NaN : effectiveSampleSize(rankNormalize(splitChains(chains)));
}

/** Effective sample size of the draws' mean: split, raw. NaN when a draw is not finite. */
export function meanEss(chains: Chains): number {
  return hasNonFinite(checked(chains)) ? Number.NaN : effectiveSampleSize(splitChains(chains));
}

/** Effective sample size of the p-quantile: that of the split indicators of x <= quantile. NaN when a draw is not finite. */
export function quantileEss(chains: Chains, probability: number): number {
  checked(chains);
  if (hasNonFinite(chains)) return Number.NaN;
  const quantile = quantileOfSorted(pooled(chains).sort(), probability);
  const indicators = chains.map((chain) =>
    Float64Array.from(chain as ArrayLike<number>, (x) => (x <= quantile ? 1 : 0)),
  );
  return effectiveSampleSize(splitChains(indicators));
}

/** The smaller of the effective sample sizes of the 5 % and 95 % quantiles. */
export function tailEss(chains: Chains): number {
  return Math.min(quantileEss(chains, 0.05), quantileEss(chains, 0.95));
}

/** Monte Carlo standard error of the mean; 0 where all draws are equal, NaN when one is not finite. */
export function mcseMean(chains: Chains): number {
  checked(chains);
  return Math.sqrt(variance(pooled(chains)) / meanEss(chains));
}

/**
 * Monte Carlo standard error of the standard deviation, from the effective sample size of the squared deviations, as in ArviZ
 * 0.21 to 0.23 and R's posterior. NaN where all draws are equal or one is not finite. arviz-stats (ArviZ 1.x) takes that of the mean, and is too sure of slow scales.
 */
export function mcseSd(chains: Chains): number {
  const centre = mean(pooled(checked(chains)));
  const squares = chains.map((chain) =>
    Float64Array.from(chain as ArrayLike<number>, (x) => (x - centre) * (x - centre)),
  );
  const all = pooled(squares);
  const second = mean(all);
  const fourth = mean(all.map((square) => square * square));
  return Math.sqrt((fourth - second * second) / meanEss(squares) / (4 * second));
}

export interface Diagnostics {
  readonly mean: number;
  readonly stddev: number;
  readonly rhat: number;
  readonly bulkEss: number;
  readonly tailEss: number;
  readonly mcseMean: number;
  readonly mcseSd: number;
}

/** One row of a posterior summary. */
export function diagnose(chains: Chains): Diagnostics {
  const all = pooled(checked(chains));
  return {
    mean: mean(all),
    stddev: Math.sqrt(variance(all)),
    rhat: rankNormalizedRhat(chains),
    bulkEss: bulkEss(chains),
    tailEss: tailEss(chains),
    mcseMean: mcseMean(chains),
    mcseSd: mcseSd(chains),
  };
}
