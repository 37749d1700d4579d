import { autocorrelationSpec, pairSpec, traceSpec } from '../../coordinator/report/chain-plots.js';
import type { Figure } from '../../coordinator/report/plots.js';
import type { ReportTable } from '../../coordinator/report/report.js';
import type { ChainDraws } from '../../coordinator/run-directory/draws.js';
import type { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import type { Json, Scenario } from '../../protocol/scenario/scenario.js';
import type { Problem } from '../../worker/problem.js';
import { type PosteriorSummary, summarizePosterior } from './posterior-summary.js';
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

/** Null for runs that kept no draws, or fewer than diagnostics need. Writes draws.npy. */
export async function concludePosterior(
  scenario: Scenario,
  { family }: Problem,
  directory: RunDirectory,
): Promise<PosteriorReport | null> {
  const draws = directory.concludeDraws(family.parameterCount);
  if (!draws || draws[0]!.length < 4) return null;
  const truth = await posteriorTruth(scenario);
  const shown = spread(family.parameterCount, MOST_PARAMETERS);
  const summary = summarizePosterior(truth ? draws : columnsOf(draws, shown), truth?.law);
  return {
    figures: { ...figuresOf(draws, summary), ...(await predictive(draws, family)) },
    plots: plotsOf(draws, truth),
    table: tableOf(summary, truth, truth ? shown : null, shown),
  };
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
    rhatMax: finiteOrText(worst.rhat),
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

function plotsOf(draws: ChainDraws, truth: Truth | null): Figure[] {
  const some = draws.slice(0, MOST_CHAINS_DRAWN);
  const parameterCount = draws[0]![0]!.length;
  const chains = draws.length > some.length ? `the first ${some.length} of ${draws.length} chains` : 'all chains';
  const plots: Figure[] = [];
  for (let parameter = 0; parameter < Math.min(2, parameterCount); parameter++) {
    const mean = truth?.law.mean[parameter];
    plots.push({
      name: `trace-${parameter}`,
      caption: `Kept draws of parameter ${parameter}, ${chains}${mean === undefined ? '' : '; dashed: the true posterior mean'}.`,
      spec: traceSpec(some, parameter, {
        title: `Trace of parameter ${parameter}`,
        ...(mean === undefined ? {} : { truth: mean }),
      }),
    });
  }
  plots.push({
    name: 'autocorrelation',
    caption: `Autocorrelation of parameter 0 between kept draws, ${chains}.`,
    spec: autocorrelationSpec(some, 0, { title: 'Autocorrelation of parameter 0' }),
  });
  if (parameterCount >= 2)
    plots.push({
      name: 'pair',
      caption: `Draws of parameters 0 and 1, ${chains}${truth ? '; the ellipse holds 95 % of the true posterior' : ''}.`,
      spec: pairSpec(some, [0, 1], { title: 'Parameters 0 and 1', ...(truth ? { reference: truth.law } : {}) }),
    });
  return plots;
}

const digits = (value: number): string => String(Number(value.toPrecision(4)));

/** `rows`: positions in the summary that are shown (null: all), `names`: the parameters they stand for. */
function tableOf(
  summary: PosteriorSummary,
  truth: Truth | null,
  rows: readonly number[] | null,
  names: readonly number[],
): ReportTable {
  const d = truth?.law.mean.length ?? 0;
  return {
    heading: 'Posterior draws',
    note: verdictOf(summary, truth),
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
      return [String(name), ...[...numbers, each.mcseMean, each.mcseSd].map(digits)];
    }),
  };
}

/** R-hat never stands without the distance from the truth where there is one. */
function verdictOf({ worst, mixed, truth: distance }: PosteriorSummary, truth: Truth | null): string {
  const chains = mixed
    ? `The chains agree (largest R-hat ${worst.rhat.toFixed(4)}), which is no evidence about bias.`
    : `The chains have not mixed (largest R-hat ${worst.rhat.toFixed(4)}, smallest bulk ESS ${digits(worst.bulkEss)}).`;
  if (!truth || !distance) return `${chains} No reference posterior exists for this model, so their bias is not known.`;
  return (
    `${chains} Distance from the true posterior (${truth.source}): mean off by ${digits(distance.meanError)} posterior ` +
    `standard deviations, covariance off by ${digits(distance.covarianceError)} (relative, Frobenius), ` +
    `W2 ${digits(distance.wasserstein2)}.`
  );
}
