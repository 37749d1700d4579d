import type { Rng } from '../../../protocol/method.js';
import { logNormal, symmetricDirichlet } from '../../../protocol/numerics/distributions.js';
import { exp, log } from '../../../protocol/numerics/elementary.js';
import { count, integer, number, oneOf, positive } from '../../../protocol/settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';
import { ShardList } from '../shard-list.js';
import { cutPoints, definePartition, refused } from './rule.js';

const settings = defineSettings({
  sizes: oneOf(['dirichlet', 'log-normal', 'power-law'], 'dirichlet', 'Law of the sizes'),
  alpha: positive(0.5, "'dirichlet': concentration of the size shares"),
  logStddev: number(0.5, "'log-normal': standard deviation of the log of a size", { least: 0, most: 20 }),
  exponent: number(1, "'power-law': client j's share is proportional to (j + 1)^-exponent", { least: 0, most: 20 }),
  minExamples: integer(10, 'Redraw until every client has at least so many examples', { least: 0 }),
  maxAttempts: count(1_000, 'Draws at most', 1e6),
});
type Skew = SettingsOf<typeof settings>;

function drawShares(settings: Skew, clientCount: number, rng: Rng): Float64Array {
  if (settings.sizes === 'dirichlet') return symmetricDirichlet(rng, settings.alpha, clientCount);
  if (settings.sizes === 'log-normal')
    return Float64Array.from({ length: clientCount }, () => logNormal(rng, 0, settings.logStddev));
  return Float64Array.from({ length: clientCount }, (_, j) => exp(-settings.exponent * log(j + 1)));
}

function describe(settings: Skew): string {
  if (settings.sizes === 'dirichlet') return `Dirichlet(${settings.alpha}) shares`;
  if (settings.sizes === 'log-normal') return `log-normal sizes, log standard deviation ${settings.logStddev}`;
  return `power-law sizes, exponent ${settings.exponent}, client 0 the largest`;
}

/**
 * IID examples in unequal numbers: Dirichlet shares (NIID-Bench, FedLab), log-normal sizes rescaled to the whole (FedLab),
 * or a power law. Redrawn until the smallest client has `minExamples`.
 */
export default definePartition({
  name: 'quantity-skew',
  summary: 'IID examples in unequal numbers',
  settings,
  split: (dataset, clientCount, settings, rng) => {
    const { sizes, minExamples, maxAttempts } = settings;
    const attempts = sizes === 'power-law' ? 1 : maxAttempts;
    let best = 0;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const ends = cutPoints(dataset.train.count, drawShares(settings, clientCount, rng.derive('attempt', attempt)));
      const smallest = ends.reduce((least, end, j) => Math.min(least, end - (j === 0 ? 0 : ends[j - 1]!)), Infinity);
      if (smallest >= minExamples)
        return {
          shards: ShardList.cut(rng.permutation(dataset.train.count), ends),
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
  },
});
