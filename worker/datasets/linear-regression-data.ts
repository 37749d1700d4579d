import type { Rng } from '../../protocol/method.js';
import { fillNormal } from '../../protocol/numerics/distributions.js';
import { type Dataset, type Examples, NO_LABELS } from './dataset.js';
import { datasetLoader } from './loader.js';
import { checkChoice, checkInteger, checkRange } from './settings.js';

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
export const linearRegressionData = datasetLoader(
  'linear-regression',
  {
    features: 10,
    examples: 2_000,
    testExamples: 500,
    labelNoiseStddev: 0.1,
    inputs: 'normal',
    trueWeights: 'normal',
  },
  (settings, rng): Dataset => {
    const subject = `data set 'linear-regression'`;
    const { features, examples, testExamples, labelNoiseStddev, inputs, trueWeights } = settings;
    checkInteger(subject, 'features', features, 1);
    checkInteger(subject, 'examples', examples, 1);
    checkInteger(subject, 'testExamples', testExamples, 1);
    checkRange(subject, 'labelNoiseStddev', labelNoiseStddev, 0, 1e6);
    checkChoice(subject, 'inputs', inputs, ['normal', 'uniform01']);
    checkChoice(subject, 'trueWeights', trueWeights, ['normal', 'one-to-n']);
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
);
