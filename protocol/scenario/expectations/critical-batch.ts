import { exp, log } from '../../numerics/elementary.js';
import { number } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type RunRecord } from '../expectation.js';
import { type Group, groupsOf } from '../groups.js';
import { type Made, madeSpec } from '../made.js';
import { inDigits, seriesOf } from '../quantity.js';
import type { Spec } from '../scenario.js';
import { path, series } from '../settings.js';

/**
 * Over a sweep of batch sizes and learning rates, the critical batch that the steps to a loss show agrees with the noise scale
 * that the runs measured, up to a factor. Steps S at batch B: of the learning rate that needs fewest (mean over seeds, all of
 * which must get there). Fit: S = minSteps (1 + critical / B), by least squares of logarithms. Noise scale: over those runs and all
 * rounds until the loss was reached, the sum of tr(Sigma) over the sum of |G|^2, each round weighted by its examples; never a mean
 * of ratios, which a single round of small |G|^2 decides. `batch`: path of a client's batch size; B is that times the number of clients.
 */
export function criticalBatch(settings: {
  loss: number;
  batch?: string;
  variance?: string;
  signal?: string;
  factor?: number;
}): Made<Spec> {
  return madeSpec({ ...settings, name: 'critical-batch' });
}

interface Best {
  readonly batch: number;
  readonly steps: number;
  /** Sums over the rounds of all its runs. */
  readonly variance: number;
  readonly signal: number;
}

export default defineExpectation({
  name: 'critical-batch',
  summary: 'the critical batch fitted to the steps to a loss is the measured gradient noise scale up to a factor',
  settings: defineSettings({
    loss: number(required, 'The loss to reach'),
    batch: path('method.batchSize', "Path of a client's batch size"),
    variance: series('gradientVariance', 'Series of the variance of a gradient of one example'),
    signal: series('gradientSquared', 'Series of the squared norm of the whole gradient'),
    factor: number(3, 'The two agree up to this', { least: 1 }),
  }),
  judge(records, { loss, batch, variance, signal, factor }) {
    const found = groupsOf(records, batch).flatMap((group) => best(group, loss, [variance, signal]) ?? []);
    if (found.length < 3)
      return {
        holds: 'unknown',
        observed: null,
        detail: `three batch sizes that reach loss ${loss} are needed, got ${found.length}`,
      };
    const { critical, minSteps } = fit(found);
    const total = (of: (one: Best) => number) => found.reduce((sum, one) => sum + one.batch * of(one), 0);
    const measured = total((one) => one.variance) / total((one) => one.signal);
    const ratio = critical / measured;
    const curve = found.map((one) => `${one.batch}: ${inDigits(one.steps)}`).join(', ');
    const detail =
      `steps to loss ${loss} by batch ${curve}; fit ${inDigits(minSteps)} (1 + ${inDigits(critical)} / batch); ` +
      `measured noise scale ${inDigits(measured)}, ratio ${inDigits(ratio)}, expected within a factor of ${factor}`;
    // Sums of |G|^2 that are not above 0 carry no information.
    if (!(measured > 0)) return { holds: 'unknown', observed: ratio, detail };
    return { holds: ratio <= factor && ratio >= 1 / factor, observed: ratio, detail };
  },
});

/** The setting of one batch size that reaches the loss in fewest steps; null where none does in all its runs. */
function best({ value, records }: Group, loss: number, [variance, signal]: readonly [string, string]): Best | null {
  let least: Best | null = null;
  for (const { records: runs } of groupsOf(records, null)) {
    const reached = runs.map((record) => seriesOf(record, 'loss').find((row) => row.value <= loss)?.round ?? null);
    if (reached.includes(null)) continue;
    const steps = mean(reached as number[]);
    if (least && steps >= least.steps) continue;
    const until = (name: string) =>
      runs.reduce((sum, record, r) => sum + sumUntil(record, name, reached[r]!), 0) / runs.length;
    const batch = Number(value) * runs[0]!.scenario.clients;
    least = { batch, steps, variance: until(variance), signal: until(signal) };
  }
  return least;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sumUntil(record: RunRecord, name: string, round: number): number {
  return seriesOf(record, name).reduce((sum, row) => (row.round <= round ? sum + row.value : sum), 0);
}

/** For each critical batch on a fine grid the best minSteps is known in closed form; the smallest residual wins. */
function fit(found: readonly Best[]): { critical: number; minSteps: number } {
  const batches = found.map((one) => log(one.batch));
  const [low, high] = [Math.min(...batches) - 5, Math.max(...batches) + 5];
  let least = { critical: 0, minSteps: 0, residual: Number.POSITIVE_INFINITY };
  const points = 2000;
  for (let k = 0; k <= points; k++) {
    const critical = exp(low + ((high - low) * k) / points);
    const offsets = found.map((one) => log(one.steps) - log(1 + critical / one.batch));
    const centre = mean(offsets);
    const residual = offsets.reduce((sum, offset) => sum + (offset - centre) ** 2, 0);
    if (residual < least.residual) least = { critical, minSteps: exp(centre), residual };
  }
  return least;
}
