import type { Rng } from '../../protocol/method.js';
import { fillNormal } from '../../protocol/numerics/distributions.js';
import { sineOfTurns, tanh } from '../../protocol/numerics/elementary.js';
import { count, number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_LABELS } from './dataset.js';
import { defineDataset } from './loader.js';

const FEATURES = 8;
const HIDDEN = 6;

interface Teacher {
  readonly inner: Float64Array;
  readonly outer: Float64Array;
}

function normals<V extends Float32Array | Float64Array>(rng: Rng, into: V, stddev = 1): V {
  fillNormal(rng, into, 0, stddev);
  return into;
}

function sine(x: number): number {
  const turns = x / (2 * Math.PI);
  return sineOfTurns(turns - Math.floor(turns));
}

/** sum_h a_h tanh(w_h . x) + 0.3 sin(2 x_1) + labelNoiseStddev N(0, 1). */
function drawExamples(rng: Rng, count: number, { inner, outer }: Teacher, labelNoiseStddev: number): Examples {
  const features = normals(rng.derive('inputs'), new Float32Array(count * FEATURES));
  const targets = normals(rng.derive('label-noise'), new Float64Array(count), labelNoiseStddev);
  for (let i = 0; i < count; i++) {
    const row = i * FEATURES;
    let value = 0.3 * sine(2 * features[row]!);
    for (let h = 0; h < HIDDEN; h++) {
      let sum = 0;
      for (let j = 0; j < FEATURES; j++) sum += inner[h * FEATURES + j]! * features[row + j]!;
      value += outer[h]! * tanh(sum);
    }
    targets[i] = targets[i]! + value;
  }
  return { count, features, labels: NO_LABELS, targets };
}

/**
 * Regression on which private optimisers are compared in seconds: 8 standard-normal features; a smooth teacher of 6 tanh
 * units (inner weights N(0, 1/8), outer N(0, 1)) plus 0.3 sin(2 x_1); label noise; targets divided by the largest magnitude
 * of the training targets.
 */
const privacyRegression = defineDataset({
  name: 'privacy-regression',
  summary: 'Drawn: a small teacher network with label noise',
  settings: defineSettings({
    examples: count(1_000, 'Training examples'),
    testExamples: count(500, 'Test examples'),
    labelNoiseStddev: number(0.1, 'Standard deviation of the noise on targets', { least: 0, most: 1e6 }),
  }),
  load: (settings, rng): Dataset => {
    const { examples, testExamples, labelNoiseStddev } = settings;
    const teacher = {
      inner: normals(rng.derive('inner'), new Float64Array(HIDDEN * FEATURES), 1 / Math.sqrt(FEATURES)),
      outer: normals(rng.derive('outer'), new Float64Array(HIDDEN)),
    };
    const train = drawExamples(rng.derive('train'), examples, teacher, labelNoiseStddev);
    const test = drawExamples(rng.derive('test'), testExamples, teacher, labelNoiseStddev);
    let largest = 0;
    for (const target of train.targets) largest = Math.max(largest, Math.abs(target));
    for (const { targets } of [train, test]) for (let i = 0; i < targets.length; i++) targets[i]! /= largest || 1;
    return {
      name: 'privacy-regression',
      source: `drawn: ${HIDDEN} tanh units and a sine of ${FEATURES} normal features, label noise ${labelNoiseStddev}, targets over their largest magnitude`,
      featureShape: [FEATURES],
      classCount: 0,
      train,
      test,
    };
  },
});

export default privacyRegression;
