import type { Rng } from '../../../protocol/method.js';
import { logNormal, symmetricDirichlet } from '../../../protocol/numerics/distributions.js';
import { exp, log } from '../../../protocol/numerics/elementary.js';
import { checkChoice, checkInteger, checkPositive, checkRange } from '../settings.js';
import { cutAt, cutPoints, partitionRule, refused } from './rule.js';

const defaults = {
  sizes: 'dirichlet',
  /** 'dirichlet': concentration of the size shares. */
  alpha: 0.5,
  /** 'log-normal': standard deviation of the log of a size. */
  logStddev: 0.5,
  /** 'power-law': client j's share is proportional to (j + 1)^-exponent. */
  exponent: 1,
  minExamples: 10,
  maxAttempts: 1_000,
};

function drawShares(settings: typeof defaults, clientCount: number, rng: Rng): Float64Array {
  if (settings.sizes === 'dirichlet') return symmetricDirichlet(rng, settings.alpha, clientCount);
  if (settings.sizes === 'log-normal')
    return Float64Array.from({ length: clientCount }, () => logNormal(rng, 0, settings.logStddev));
  return Float64Array.from({ length: clientCount }, (_, j) => exp(-settings.exponent * log(j + 1)));
}

function describe(settings: typeof defaults): string {
  if (settings.sizes === 'dirichlet') return `Dirichlet(${settings.alpha}) shares`;
  if (settings.sizes === 'log-normal') return `log-normal sizes, log standard deviation ${settings.logStddev}`;
  return `power-law sizes, exponent ${settings.exponent}, client 0 the largest`;
}

/**
 * IID examples in unequal numbers: Dirichlet shares (NIID-Bench, FedLab), log-normal sizes rescaled to the whole (FedLab),
 * or a power law. Redrawn until the smallest client has `minExamples`.
 */
export const quantitySkew = partitionRule('quantity-skew', defaults, (dataset, clientCount, settings, rng) => {
  const subject = `partition 'quantity-skew'`;
  const { sizes, alpha, logStddev, exponent, minExamples, maxAttempts } = settings;
  checkChoice(subject, 'sizes', sizes, ['dirichlet', 'log-normal', 'power-law']);
  checkPositive(subject, 'alpha', alpha);
  checkRange(subject, 'logStddev', logStddev, 0, 20);
  checkRange(subject, 'exponent', exponent, 0, 20);
  checkInteger(subject, 'minExamples', minExamples, 0);
  checkInteger(subject, 'maxAttempts', maxAttempts, 1, 1e6);
  const attempts = sizes === 'power-law' ? 1 : maxAttempts;
  let best = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const ends = cutPoints(dataset.train.count, drawShares(settings, clientCount, rng.derive('attempt', attempt)));
    const smallest = ends.reduce((least, end, j) => Math.min(least, end - (j === 0 ? 0 : ends[j - 1]!)), Infinity);
    if (smallest >= minExamples)
      return {
        shards: cutAt(rng.permutation(dataset.train.count), ends),
        dropped: 0,
        mayBeEmpty: minExamples === 0,
        definition: `quantity skew: IID examples, ${describe(settings)}, at least ${minExamples} a client (attempt ${attempt + 1})`,
      };
    best = Math.max(best, smallest);
  }
  throw refused(
    'quantity-skew',
    `${describe(settings)}, ${clientCount} clients: no draw of ${attempts} gave every client ${minExamples} of ${dataset.train.count} examples (the best smallest client had ${best}); lower minExamples, clients or the skew`,
  );
});
