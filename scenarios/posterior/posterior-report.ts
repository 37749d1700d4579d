import { autocorrelationSpec, pairSpec, traceSpec } from '../../coordinator/report/chain-plots.js';
import type { Figure } from '../../coordinator/report/plots.js';
import type { ReportTable } from '../../coordinator/report/report.js';
import type { ChainDraws } from '../../coordinator/run-directory/draws.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import type { Json, Scenario } from '../../protocol/scenario/scenario.js';
import type { Problem } from '../../worker/problem.js';
import { type PosteriorSummary, RHAT_LIMIT, summarizePosterior } from './posterior-summary.js';
import { posteriorTruth, type Truth } from './posterior-truth.js';

/** The report on the posterior draws that a run kept. */
export interface PosteriorReport {
  /** For the run's summary, so that expectations and claims can name them. */
  readonly figures: Readonly<Record<string, Json>>;
  readonly plots: readonly Figure[];
  readonly table: ReportTable;
}

/** Diagnosed parameters; of more, these many evenly spaced ones are. */
const MOST_PARAMETERS = 40;
/** Draws that the posterior predictive averages over. */
const MOST_PREDICTIVE_DRAWS = 200;
const MOST_CHAINS_DRAWN = 8;

/** Of draws that are enough for diagnostics. */
export async function reportOn(draws: ChainDraws, scenario: Scenario, { family }: Problem): Promise<PosteriorReport> {
  const truth = await posteriorTruth(scenario);
  const shown = spread(family.parameterCount, MOST_PARAMETERS);
  const limit = rhatLimitOf(scenario);
  const summary = summarizePosterior(truth ? draws : columnsOf(draws, shown), truth?.law, limit, draws);
  const diagnosed = truth ? spread(family.parameterCount, family.parameterCount) : shown;
  return {
    figures: { ...figuresOf(draws, summary), ...(await predictive(draws, family)) },
    plots: plotsOf(draws, truth, summary, diagnosed),
    table: tableOf(summary, truth, truth ? shown : null, shown, limit),
  };
}

/** What the scenario expects of the largest R-hat, so that its report has one threshold. */
function rhatLimitOf({ expect }: Scenario): number {
  const expected = expect.find(({ name, of }) => name === 'below' && of === 'rhatMax')?.value;
  return typeof expected === 'number' ? expected : RHAT_LIMIT;
}

/** `most` of the indices below `count`, evenly spaced. */
function spread(count: number, most: number): number[] {
  const shown = Math.min(count, most);
  return Array.from({ length: shown }, (_, k) => Math.floor((k * count) / shown));
}

function columnsOf(draws: ChainDraws, parameters: readonly number[]): ChainDraws {
  return draws.map((chain) => chain.map((draw) => Float64Array.from(parameters, (parameter) => draw[parameter]!)));
}

function figuresOf(draws: ChainDraws, { worst, mixed, truth }: PosteriorSummary): Record<string, Json> {
  const figures: Record<string, Json> = {
    chains: draws.length,
    drawsPerChain: draws[0]!.length,
  };
  // Before R-hat: who sees the first columns of a wide table sees how far off the draws are.
  if (truth) {
    figures.meanErrorSd = finiteOrText(truth.meanError);
    figures.covarianceError = finiteOrText(truth.covarianceError);
    figures.w2 = finiteOrText(truth.wasserstein2);
  }
  return {
    ...figures,
    rhatMax: worst.rhat === null ? null : finiteOrText(worst.rhat),
    essMin: finiteOrText(worst.bulkEss),
    essTailMin: finiteOrText(worst.tailEss),
    mixed,
  };
}

function finiteOrText(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** Of the average over draws of all chains: negative log predictive density, accuracy and calibration. */
async function predictive(draws: ChainDraws, family: Problem['family']): Promise<Record<string, Json>> {
  const all = draws.flat();
  const chosen = spread(all.length, MOST_PREDICTIVE_DRAWS).map((n) => all[n]! as ReadonlyVector);
  const { loss, accuracy, extra } = await family.evaluate(chosen);
  return {
    predictiveLoss: finiteOrText(loss),
    ...(accuracy === null ? {} : { predictiveAccuracy: accuracy }),
    ...extra,
  };
}

/** Pictures of the parameters that mix worst: those that are right show less. `names`: the parameters of the summary's rows. */
function plotsOf(
  draws: ChainDraws,
  truth: Truth | null,
  summary: PosteriorSummary,
  names: readonly number[],
): Figure[] {
  const some = draws.slice(0, MOST_CHAINS_DRAWN);
  const chains = draws.length > some.length ? `the first ${some.length} of ${draws.length} chains` : 'all chains';
  // A parameter that never moves has no R-hat.
  const worst = names
    .map((parameter, k) => ({ parameter, ...summary.parameters[k]! }))
    .sort((a, b) => rankOf(b.rhat) - rankOf(a.rhat));
  const traced = worst.slice(0, 2);
  const slowest = worst.reduce((least, each) => (each.bulkEss < least.bulkEss ? each : least));
  const plots: Figure[] = traced.map(({ parameter, rhat }, k) => {
    const mean = truth?.law.mean[parameter];
    const rank = k === 0 ? 'largest' : 'second largest';
    return {
      name: `trace-${k}`,
      caption: `Kept draws of parameter ${parameter} (${rank} R-hat, ${digits(rhat)}), ${chains}${mean === undefined ? '' : '; dashed: the true posterior mean'}.`,
      spec: traceSpec(some, parameter, {
        title: `Trace of parameter ${parameter}`,
        ...(mean === undefined ? {} : { truth: mean }),
      }),
    };
  });
  plots.push({
    name: 'autocorrelation',
    caption: `Autocorrelation of parameter ${slowest.parameter} (smallest bulk ESS, ${digits(slowest.bulkEss)}) between kept draws, ${chains}.`,
    spec: autocorrelationSpec(some, slowest.parameter, { title: `Autocorrelation of parameter ${slowest.parameter}` }),
  });
  const [one, two] = traced.map(({ parameter }) => parameter);
  if (one !== undefined && two !== undefined)
    plots.push({
      name: 'pair',
      caption: `Draws of parameters ${one} and ${two}, ${chains}${truth ? '; the ellipse holds 95 % of the true posterior' : ''}.`,
      spec: pairSpec(some, [one, two], {
        title: `Parameters ${one} and ${two}`,
        ...(truth ? { reference: truth.law } : {}),
      }),
    });
  return plots;
}

function rankOf(rhat: number): number {
  return Number.isFinite(rhat) ? rhat : 0;
}

const digits = (value: number): string => String(Number(value.toPrecision(4)));

/** `rows`: positions in the summary that are shown (null: all), `names`: the parameters they stand for. */
function tableOf(
  summary: PosteriorSummary,
  truth: Truth | null,
  rows: readonly number[] | null,
  names: readonly number[],
  limit: number,
): ReportTable {
  const d = truth?.law.mean.length ?? 0;
  return {
    heading: 'Posterior draws',
    note: verdictOf(summary, truth, limit),
    columns: [
      'parameter',
      'mean',
      'sd',
      ...(truth ? ['true mean', 'true sd'] : []),
      'R-hat',
      'bulk ESS',
      'tail ESS',
      'MCSE of mean',
      'MCSE of sd',
    ],
    rows: names.map((name, k) => {
      const each = summary.parameters[rows ? rows[k]! : k]!;
      const real = truth ? [truth.law.mean[name]!, Math.sqrt(truth.law.covariance[name * d + name]!)] : [];
      const numbers = [each.mean, each.stddev, ...real, each.rhat, each.bulkEss, each.tailEss];
      // What a parameter that never moves has none of is not measured, and no number that went wrong.
      const isStill = Number.isNaN(each.rhat) && Number.isFinite(each.bulkEss);
      const cell = (value: number) => (isStill && Number.isNaN(value) ? '–' : digits(value));
      return [String(name), ...[...numbers, each.mcseMean, each.mcseSd].map(cell)];
    }),
  };
}

/** R-hat never stands without the distance from the truth where there is one. */
function verdictOf({ worst, mixed, truth: distance }: PosteriorSummary, truth: Truth | null, limit: number): string {
  const largest = worst.rhat === null ? 'no R-hat: a parameter never moves' : `largest R-hat ${worst.rhat.toFixed(4)}`;
  const found = `${largest}, smallest bulk ESS ${digits(worst.bulkEss)}`;
  const chains = mixed
    ? `The chains agree (${found}), which is no evidence about bias.`
    : worst.rhat !== null && worst.rhat < limit
      ? `R-hat is below ${limit}, but the effective draws are fewer than 100 a chain (${found}).`
      : `The chains have not mixed (${found}; R-hat is to be below ${limit}).`;
  if (!truth || !distance) return `${chains} No reference posterior exists for this model, so their bias is not known.`;
  return (
    `${chains} Distance from the true posterior (${truth.source}): mean off by ${digits(distance.meanError)} posterior ` +
    `standard deviations, covariance off by ${digits(distance.covarianceError)} (relative, Frobenius), ` +
    `W2 ${digits(distance.wasserstein2)}.`
  );
}
