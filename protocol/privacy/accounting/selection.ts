/**
 * The price of keeping the best of several runs on the same data, such as the best setting of a sweep.
 *
 * With a random number of runs the price is far below that of all runs. Sources: Liu and Talwar, "Private Selection from
 * Private Candidates", STOC 2019; Papernot and Steinke, "Hyperparameter Tuning with Renyi Differential Privacy", ICLR 2022,
 * Theorem 2 (geometric, logarithmic: the truncated negative binomial law with eta 1, 0) and Theorem 6 (Poisson). The score
 * that ranks the runs must be part of what a run's own epsilon covers.
 */
import { GradswarmError } from '../../errors.js';
import { expm1, log, log1p } from '../../numerics/elementary.js';
import { rdpToDelta } from './conversion.js';

/** The law of the number of runs. 'fixed': a number known before, which costs what all the runs cost together. */
export type RunCountLaw = 'fixed' | 'geometric' | 'logarithmic' | 'poisson';

export interface Selection {
  readonly law: RunCountLaw;
  /** Number of runs, or its mean; at least 1. */
  readonly runs: number;
}

export function checkSelection({ law, runs }: Selection): void {
  const expected = law === 'fixed' ? 'a whole number of at least 1' : 'a number above 1, the mean of its law';
  if (law === 'fixed' ? Number.isSafeInteger(runs) && runs >= 1 : runs > 1 && runs < Number.POSITIVE_INFINITY) return;
  throw new GradswarmError('ERR_PRIVACY', `runs to select from (${law}): expected ${expected}, got ${runs}`);
}

/** ln(1 / gamma) of the truncated negative binomial law with the given mean. */
function logInverseGamma(law: 'geometric' | 'logarithmic', mean: number): number {
  if (law === 'geometric') return log(mean);
  // Mean (1/gamma - 1) / ln(1/gamma): its logarithm's root by bisection, the upper end, which costs more.
  let low = 0;
  let high = 1;
  const meanOf = (l: number) => (l > 700 ? Number.POSITIVE_INFINITY : expm1(l) / l);
  while (meanOf(high) < mean) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (meanOf(middle) < mean) low = middle;
    else high = middle;
  }
  return high;
}

/** RDP at every order of the best of a random number of runs, each with the given RDP at those orders. */
export function selectedRdp(
  orders: readonly number[],
  rdp: ArrayLike<number>,
  { law, runs }: { readonly law: Exclude<RunCountLaw, 'fixed'>; readonly runs: number },
): Float64Array {
  if (law === 'poisson')
    return Float64Array.from(orders, (order, i) => {
      const delta = rdpToDelta(orders, rdp, log1p(1 / (order - 1)));
      return rdp[i]! + runs * delta + log(runs) / (order - 1);
    });
  const weight = law === 'geometric' ? 2 : 1;
  const logInverse = logInverseGamma(law, runs);
  let price = Number.POSITIVE_INFINITY;
  orders.forEach((order, i) => {
    price = Math.min(price, weight * ((1 - 1 / order) * rdp[i]! + logInverse / order));
  });
  return Float64Array.from(orders, (order, i) => rdp[i]! + price + log(runs) / (order - 1));
}
