import type { Forecast } from '../../../forecast.js';
import { exampleSensitivity } from './clipped-mean.js';
import { diff2NoiseFeedback } from './diff2-calibration.js';
import { type Diff2Settings, diff2Multipliers } from './diff2-settings.js';

/** kappa and what it means, before a run that would destroy its own estimator has cost any privacy. */
export const forecastDiff2: Forecast<Diff2Settings> = (settings, outlook) => {
  const lines: string[] = [];
  const { rounds, refreshPeriod, learningRate, differenceRadius, adjacency, delta, calibration } = settings;
  if (calibration === 'none') return ['diff2: no noise (calibration: none), so the run is not private.'];
  if (rounds !== outlook.rounds)
    lines.push(
      `diff2: the noise is made for ${rounds} rounds, the run has ${outlook.rounds}; set method.rounds to it.`,
    );
  const total = outlook.exampleCounts.reduce((sum, count) => sum + count, 0);
  if (total > 0 && delta >= 1 / total) lines.push(`diff2: delta ${delta} is not below 1 / ${total} examples.`);
  const { difference } = diff2Multipliers(settings);
  const smallest = Math.min(...outlook.exampleCounts);
  if (difference === 0 || smallest === 0 || !Number.isFinite(smallest)) return lines;
  const kappa = diff2NoiseFeedback({
    refreshPeriod,
    step: learningRate,
    differenceRadius,
    differenceSigma: (difference * exampleSensitivity(1, adjacency, smallest)) / outlook.clientCount,
    parameterCount: outlook.parameterCount,
  });
  const warning =
    kappa > 2
      ? ' WARNING: above 2 the noise of the difference rounds feeds back through their own steps; lower the step, C2 or T.'
      : ' Below about 1 the noise of the difference rounds does not feed back.';
  lines.push(
    `diff2: kappa = T (eta C2 sigma2)^2 D = ${Number(kappa.toPrecision(3))} (our bound, not the paper’s).${warning}`,
  );
  lines.push('Hyperparameter tuning on the private data also spends budget; it is not accounted for here.');
  return lines;
};
