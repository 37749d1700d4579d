import { exp, log, log1p } from '../../numerics/elementary.js';
import { logGamma } from '../../numerics/special-functions.js';
import { checkCount, checkRecordCount, checkSampling } from './ranges.js';

/**
 * P[more than `cap` of `records` independent coins of probability `sampling` show heads], rounded up; 1 where the cap is not
 * above the mean, since no such cap is of use.
 */
export function overflowProbability(records: number, sampling: number, cap: number): number {
  checkRecordCount(records);
  checkSampling(sampling);
  checkCount('cap of a batch', cap);
  if (cap >= records || sampling === 0) return 0;
  const next = cap + 1;
  const odds = sampling / (1 - sampling);
  const ratio = ((records - next) / (next + 1)) * odds;
  if (!(cap > records * sampling && ratio < 1)) return 1;
  const logFactorials = logGamma(records + 1);
  let term = exp(
    logFactorials -
      logGamma(next + 1) -
      logGamma(records - next + 1) +
      next * log(sampling) +
      (records - next) * log1p(-sampling),
  );
  let sum = 0;
  let k = next;
  // The ratio of terms falls: what is left after any of them is below a geometric series.
  for (; k < records && term > sum * 1e-12; k++) {
    sum += term;
    term *= ((records - k) / (k + 1)) * odds;
  }
  sum += term / (1 - ratio);
  return Math.min(1, sum * (1 + 1e-9 + 2e-14 * logFactorials));
}

/**
 * Probability that some batch of `steps` is cut, with one record more than `records` too. A run with cuts is within it of one
 * without, in total variation, so that (1 + e^epsilon) times it, added to delta, covers the cuts under any adjacency.
 * Source: Chua, Ghazi, Harrison, Leeman, Kamath, Kumar, Manurangsi, Sinha, Zhang, "Scalable DP-SGD: Shuffling vs. Poisson
 * Subsampling", NeurIPS 2024.
 */
export function cutProbability(records: number, sampling: number, cap: number, steps: number): number {
  return Math.min(1, steps * overflowProbability(records + 1, sampling, cap));
}
