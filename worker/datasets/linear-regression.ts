import type { Rng } from '../../protocol/method.js';
import { fillNormal } from '../../protocol/numerics/distributions.js';
import { count, number, oneOf } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_LABELS } from './dataset.js';
import { defineDataset } from './loader.js';

function drawExamples(
  rng: Rng,
  count: number,
  weights: Float64Array,
  inputs: string,
  labelNoiseStddev: number,
): Examples {
  const featureCount = weights.length;
  const features = new Float32Array(count * featureCount);
  const inputStream = rng.derive('inputs');
  if (inputs === 'normal') fillNormal(inputStream, features);
  else for (let i = 0; i < features.length; i++) features[i] = inputStream.uniform();
  const targets = new Float64Array(count);
  fillNormal(rng.derive('label-noise'), targets, 0, labelNoiseStddev);
  for (let i = 0; i < count; i++) {
    // From the stored float32 inputs, so that without label noise the true weights fit exactly.
    let sum = 0;
    for (let j = 0; j < featureCount; j++) sum += weights[j]! * features[i * featureCount + j]!;
    targets[i] = targets[i]! + sum;
  }
  return { count, features, labels: NO_LABELS, targets };
}

/**
 * y = w . x + labelNoiseStddev * N(0, 1), no intercept. Inputs N(0, 1) or uniform on [0, 1); true weights N(0, 1), or
 * 1, 2, ..., features with `trueWeights: 'one-to-n'` (the toy problem of the gradient signal-to-noise papers). Test
 * targets have the same noise. Label noise has its own stream: switching it on does not move the inputs.
 */
const linearRegressionData = defineDataset({
  name: 'linear-regression',
  summary: 'Drawn: a linear model with label noise',
  settings: defineSettings({
    features: count(10, 'Numbers of an example'),
    examples: count(2_000, 'Training examples'),
    testExamples: count(500, 'Test examples'),
    labelNoiseStddev: number(0.1, 'Standard deviation of the noise on targets', { least: 0, most: 1e6 }),
    inputs: oneOf(['normal', 'uniform01'], 'normal', 'Law of the inputs'),
    trueWeights: oneOf(['normal', 'one-to-n'], 'normal', 'The weights that draw the targets: normal, or 1, 2, …, n'),
  }),
  load: (settings, rng): Dataset => {
    const { features, examples, testExamples, labelNoiseStddev, inputs, trueWeights } = settings;
    const weights = Float64Array.from({ length: features }, (_, j) => j + 1);
    if (trueWeights === 'normal') fillNormal(rng.derive('weights'), weights);
    return {
      name: 'linear-regression',
      source: `drawn: linear model of ${features} ${inputs} inputs, ${trueWeights} true weights, label noise standard deviation ${labelNoiseStddev}`,
      featureShape: [features],
      classCount: 0,
      trueWeights: weights,
      train: drawExamples(rng.derive('train'), examples, weights, inputs, labelNoiseStddev),
      test: drawExamples(rng.derive('test'), testExamples, weights, inputs, labelNoiseStddev),
    };
  },
});

export default linearRegressionData;
