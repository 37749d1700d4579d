import { between } from '../../../protocol/scenario/expectations/between.js';
import { ratio } from '../../../protocol/scenario/expectations/ratio.js';
import type { ClaimInput } from '../../../protocol/scenario/input.js';

export const DP_GD = { 'method.refreshPeriod': 1 };
export const DIFF2 = { 'method.refreshPeriod': 10 };

/** What follows from the rates of the paper's abstract and what others say of its figures, judged by the settled gradient of a sweep over the refresh period. */
export const SMALLER_GRADIENT: ClaimInput = {
  claim: 'DIFF2-GD has a smaller gradient norm than DP-GD at the same privacy',
  source:
    'Murata and Suzuki, ICML 2023: rates in the abstract; figures of the squared gradient norm as summed up by others (other data sets)',
  where: DIFF2,
  against: DP_GD,
  judgedBy: [
    ratio({ of: 'settledSquaredGradient', numerator: DIFF2, denominator: DP_GD, most: 1, interval: true }),
    between({ of: 'finalEpsilon', least: 0, most: 3 }),
  ],
  note: 'The routine is that of the authors’ code, the exact calibration is ours; the body of the paper was not read. Other data.',
};

/** A regression of 101 parameters on 1000 examples, ten clients of 100. */
export const SMALL_REGRESSION = {
  objective: { name: 'small-network', hidden: [10], activation: 'softplus' },
  data: { name: 'privacy-regression', examples: 1_000, partition: { name: 'iid' } },
  clients: 10,
  rounds: 300,
  precision: 'float64',
  evaluation: { everyRounds: 20 },
  checkpoints: { everyRounds: null },
} as const;
