import type { Rng } from '../../protocol/method.js';
import { fillNormal } from '../../protocol/numerics/distributions.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { datasetLoader } from './loader.js';
import { checkInteger, checkRange } from './settings.js';

interface Shape {
  readonly classes: number;
  readonly features: number;
  readonly noiseStddev: number;
}

/** `classes` directions, uniform on the sphere, each of length `separation`; row by row. */
function drawCentres(rng: Rng, classes: number, features: number, separation: number): Float64Array {
  const centres = new Float64Array(classes * features);
  fillNormal(rng, centres);
  for (let c = 0; c < classes; c++) {
    const row = centres.subarray(c * features, (c + 1) * features);
    let square = 0;
    for (const x of row) square += x * x;
    const factor = separation / Math.sqrt(square);
    for (let j = 0; j < features; j++) row[j] = row[j]! * factor;
  }
  return centres;
}

/** Example i has class i mod `classes`, so that classes are as equal as the count allows. */
function drawExamples(rng: Rng, count: number, centres: Float64Array, shape: Shape): Examples {
  const { classes, features, noiseStddev } = shape;
  const noise = new Float64Array(count * features);
  fillNormal(rng, noise, 0, noiseStddev);
  const result = new Float32Array(count * features);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const label = i % classes;
    labels[i] = label;
    for (let j = 0; j < features; j++)
      result[i * features + j] = centres[label * features + j]! + noise[i * features + j]!;
  }
  return { count, features: result, labels, targets: NO_TARGETS };
}

/**
 * x = separation * u_y + noiseStddev * N(0, I): one centre a class, at distance `separation` from 0 in a direction u_y
 * uniform on the sphere.
 */
export const gaussianClusters = datasetLoader(
  'gaussian-clusters',
  { classes: 10, features: 20, examples: 20_000, testExamples: 2_000, separation: 3, noiseStddev: 1 },
  (settings, rng): Dataset => {
    const subject = `data set 'gaussian-clusters'`;
    const { classes, features, examples, testExamples, separation, noiseStddev } = settings;
    checkInteger(subject, 'classes', classes, 2);
    checkInteger(subject, 'features', features, 1);
    checkInteger(subject, 'examples', examples, 1);
    checkInteger(subject, 'testExamples', testExamples, 1);
    checkRange(subject, 'separation', separation, 0, 1e6);
    checkRange(subject, 'noiseStddev', noiseStddev, 0, 1e6);
    const centres = drawCentres(rng.derive('centres'), classes, features, separation);
    return {
      name: 'gaussian-clusters',
      source: `drawn: ${classes} Gaussian clusters in ${features} dimensions, centres at distance ${separation} from 0, noise standard deviation ${noiseStddev}`,
      featureShape: [features],
      classCount: classes,
      train: drawExamples(rng.derive('train'), examples, centres, settings),
      test: drawExamples(rng.derive('test'), testExamples, centres, settings),
    };
  },
);
