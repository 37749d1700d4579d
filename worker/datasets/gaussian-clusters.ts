import type { Rng } from '../../protocol/method.js';
import { fillNormal } from '../../protocol/numerics/distributions.js';
import { count, integer, number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { featureRooms } from './feature-room.js';
import { defineDataset } from './loader.js';

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

/** Example i has class i mod `classes`, so that classes are as equal as the count allows. Features fill `result`. */
function drawExamples(rng: Rng, result: Float32Array, centres: Float64Array, shape: Shape): Examples {
  const { classes, features, noiseStddev } = shape;
  const count = result.length / features;
  const noise = new Float64Array(count * features);
  fillNormal(rng, noise, 0, noiseStddev);
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
const gaussianClusters = defineDataset({
  name: 'gaussian-clusters',
  summary: 'Drawn: one Gaussian cluster a class',
  settings: defineSettings({
    classes: integer(10, 'Classes', { least: 2 }),
    features: count(20, 'Numbers of an example'),
    examples: count(20_000, 'Training examples'),
    testExamples: count(2_000, 'Test examples'),
    separation: number(3, 'Distance of each centre from 0', { least: 0, most: 1e6 }),
    noiseStddev: number(1, 'Standard deviation about the centre', { least: 0, most: 1e6 }),
  }),
  load: (settings, rng): Dataset => {
    const { classes, features, examples, testExamples, separation, noiseStddev } = settings;
    const centres = drawCentres(rng.derive('centres'), classes, features, separation);
    const [train, test] = featureRooms([examples * features, testExamples * features]);
    return {
      name: 'gaussian-clusters',
      source: `drawn: ${classes} Gaussian clusters in ${features} dimensions, centres at distance ${separation} from 0, noise standard deviation ${noiseStddev}`,
      featureShape: [features],
      classCount: classes,
      train: drawExamples(rng.derive('train'), train!, centres, settings),
      test: drawExamples(rng.derive('test'), test!, centres, settings),
    };
  },
});

export default gaussianClusters;
