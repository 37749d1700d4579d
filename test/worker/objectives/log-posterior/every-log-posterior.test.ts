import { expect } from 'chai';
import type { LogPosterior, Precision, Vector } from '../../../../protocol/method.js';
import { matrixVector } from '../../../../protocol/numerics/linear-algebra.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { clip, norm, subtract } from '../../../../protocol/numerics/vector.js';
import type { ObjectiveFamily } from '../../../../worker/objectives/family.js';
import {
  bayesianLinearRegression as linearRegression,
  settings as linearSettings,
} from '../../../../worker/objectives/log-posterior/bayesian-linear-regression.js';
import {
  bayesianLogisticRegression as logisticRegression,
  settings as logisticSettings,
} from '../../../../worker/objectives/log-posterior/bayesian-logistic-regression.js';
import {
  bayesianNetwork as network,
  settings as networkSettings,
} from '../../../../worker/objectives/log-posterior/bayesian-network.js';
import {
  gaussianMean,
  settings as gaussianSettings,
} from '../../../../worker/objectives/log-posterior/gaussian-mean.js';
import {
  metricLearning,
  settings as metricSettings,
} from '../../../../worker/objectives/log-posterior/metric-learning.js';
import { conduciveGradient, range, tinyDataset } from '../../../support/bayesian-problems.js';

const linearDefaults = linearSettings.defaults;
const logisticDefaults = logisticSettings.defaults;
const networkDefaults = networkSettings.defaults;
const gaussianDefaults = gaussianSettings.defaults;
const metricDefaults = metricSettings.defaults;

const regression = tinyDataset(3, 0, (row, noise) => 2 * row[0]! - row[1]! + noise);
const classes = tinyDataset(3, 3, (row, noise) => (row[0]! > 0.3 ? 2 : row[1]! + noise > 0.5 ? 1 : 0));
const twoClasses = tinyDataset(3, 2, (row, noise) => (row[0]! + noise > 0.5 ? 1 : 0));
const grouped = { ...regression, groups: Int32Array.from({ length: 24 }, (_, i) => i % 2) };
const DATA_PRECISIONS = [
  [2, 0.5, 0, 0.5, 1, 0, 0, 0, 3],
  [1, 0, 0, 0, 4, -1, 0, -1, 2],
];

const FAMILIES: readonly (readonly [string, (precision: Precision) => ObjectiveFamily])[] = [
  [
    'gaussian-mean',
    (precision) =>
      gaussianMean({
        dataset: grouped,
        settings: { ...gaussianDefaults, priorVariance: 3, dataPrecisions: DATA_PRECISIONS },
        precision,
        clientCount: 3,
        rng: rootStream(5, precision),
      }),
  ],
  [
    'bayesian-linear-regression',
    (precision) =>
      linearRegression({
        dataset: regression,
        settings: { ...linearDefaults, priorVariance: 3, noiseVariance: 0.3 },
        precision,
        clientCount: 3,
        rng: rootStream(5, precision),
      }),
  ],
  [
    'bayesian-logistic-regression',
    (precision) =>
      logisticRegression({
        dataset: twoClasses,
        settings: { ...logisticDefaults, priorVariance: 3 },
        precision,
        clientCount: 3,
        rng: rootStream(5, precision),
      }),
  ],
  [
    'bayesian-network (tanh)',
    (precision) =>
      network({
        dataset: classes,
        settings: {
          ...networkDefaults,
          priorVariance: 3,
          hiddenWidths: [4, 3],
          activation: 'tanh',
          surrogateSteps: 50,
        },
        precision,
        clientCount: 3,
        rng: rootStream(5, precision),
      }),
  ],
  [
    'bayesian-network (ReLU)',
    (precision) =>
      network({
        dataset: classes,
        settings: { ...networkDefaults, priorVariance: 3, hiddenWidths: [5], surrogateSteps: 50 },
        precision,
        clientCount: 3,
        rng: rootStream(5, precision),
      }),
  ],
  [
    'metric-learning',
    (precision) =>
      metricLearning({
        dataset: classes,
        settings: { ...metricDefaults, priorVariance: 3, componentCount: 2, pairsPerClient: 30, testPairs: 20 },
        precision,
        clientCount: 3,
        rng: rootStream(5, precision),
      }),
  ],
];

const shardsOf = (family: ObjectiveFamily) =>
  [range(0, 5), range(5, 13), range(13, 24)].map((examples) => family.shard(examples) as LogPosterior);
const pointOf = (family: ObjectiveFamily, name = 'point'): Vector =>
  rootStream(31, 'float64').derive(name).normal(family.parameterCount);

describe('worker/objectives/log-posterior: every family', () => {
  for (const [name, build] of FAMILIES) {
    const family = build('float64');

    it(`${name}: the gradient is that of the mean loss (central differences, 1e-7 relative to its norm)`, async () => {
      const shard = shardsOf(family)[1]!;
      const point = pointOf(family);
      for (const batch of [range(0, shard.exampleCount), Uint32Array.of(3, 0)]) {
        const gradient = await shard.gradient(point, batch);
        for (let i = 0; i < point.length; i++) {
          const up = Float64Array.from(point);
          const down = Float64Array.from(point);
          up[i] = up[i]! + 1e-5;
          down[i] = down[i]! - 1e-5;
          const slope =
            (((await shard.loss(up, batch)) as number) - ((await shard.loss(down, batch)) as number)) / 2e-5;
          expect(Math.abs(slope - gradient[i]!), `entry ${i}`).to.be.below(1e-7 * (1 + norm(gradient)));
        }
      }
    });

    it(`${name}: a whole shard in order and in another order give one gradient (1e-12), written into 'into'`, async () => {
      const shard = shardsOf(family)[2]!;
      const point = pointOf(family);
      const ordered = range(0, shard.exampleCount);
      const into = new Float64Array(point.length);
      expect(await shard.gradient(point, ordered, into)).to.equal(into);
      const reversed = await shard.gradient(point, ordered.slice().reverse());
      expect(norm(subtract(reversed, into))).to.be.below(1e-12 * (1 + norm(into)));
    });

    it(`${name}: one gradient an example adds up to the batch's; clipped sums clip each of them`, async () => {
      const shard = shardsOf(family)[0]!;
      const point = pointOf(family);
      const previous = pointOf(family, 'previous');
      const batch = Uint32Array.of(4, 1, 2);
      const lists = [point, previous].map(async (at) => {
        const list: Vector[] = [];
        for await (const gradient of shard.exampleGradients(at, batch)) list.push(gradient as Vector);
        return list;
      });
      const [here, before] = (await Promise.all(lists)) as [Vector[], Vector[]];
      const radius = norm(here[0]!) * 0.7;
      const sumOf = (vectors: readonly Vector[]) =>
        Float64Array.from(point, (_, i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0));
      const mean = await shard.gradient(point, batch);
      const close = (found: Vector, expected: Float64Array) =>
        expect(norm(subtract(found, expected))).to.be.below(1e-12 * (1 + norm(expected)));
      close(
        Float64Array.from(mean, (value) => 3 * value),
        sumOf(here),
      );
      close(
        await shard.clippedGradientSum(point, batch, radius),
        sumOf(here.map((gradient) => clip(gradient, radius))),
      );
      close(
        await shard.clippedDifferenceSum(point, previous, batch, radius / 2),
        sumOf(here.map((gradient, i) => clip(subtract(gradient, before[i]!), radius / 2))),
      );
    });

    it(`${name}: the prior's gradient is -theta / 3, and an empty batch has gradient 0`, async () => {
      const shard = shardsOf(family)[0]!;
      const point = pointOf(family);
      expect([...shard.priorGradient(point)]).to.deep.equal(Array.from(point, (value) => -value / 3));
      expect(norm(await shard.gradient(point, new Uint32Array(0)))).to.equal(0);
    });

    for (const form of ['full', 'diagonal'] as const)
      it(`${name}: ${form} surrogates give sum_s f_s g_s = 0 to rounding (1e-12 of the largest term)`, () => {
        const d = family.parameterCount;
        const surrogates = shardsOf(family).map((shard) => {
          const { eta, precision } = shard.surrogate(form);
          expect(eta.length).to.equal(d);
          expect(precision.length).to.equal(form === 'full' ? d * d : d);
          const matrix = form === 'full' ? Float64Array.from(precision) : diagonalMatrix(precision);
          return { eta: Float64Array.from(eta), precision: matrix };
        });
        const frequencies = [0.2, 0.5, 0.3];
        const theta = pointOf(family);
        const terms = frequencies.map((f, s) =>
          conduciveGradient(surrogates, frequencies, s, theta).map((value) => f * value),
        );
        const largest = Math.max(...terms.map((term) => norm(term)));
        expect(largest).to.be.above(0.01);
        const sum = Float64Array.from(theta, (_, i) => terms.reduce((total, term) => total + term[i]!, 0));
        expect(norm(sum)).to.be.below(1e-12 * largest);
      });

    for (const form of ['full', 'diagonal'] as const)
      it(`${name}: a ${form} surrogate at a point has the shard's slope there (1e-9 of its norm), and no negative curvature`, async () => {
        const d = family.parameterCount;
        const shard = shardsOf(family)[2]!;
        const point = pointOf(family);
        const { eta, precision } = shard.surrogate(form, point);
        const matrix = form === 'full' ? Float64Array.from(precision) : diagonalMatrix(precision);
        const gradient = await shard.gradient(point, range(0, shard.exampleCount));
        const bend = matrixVector(matrix, Float64Array.from(point));
        const gap = Float64Array.from({ length: d }, (_, i) => bend[i]! - eta[i]! - shard.exampleCount * gradient[i]!);
        expect(norm(gradient)).to.be.above(1e-3);
        expect(norm(gap)).to.be.below(1e-9 * shard.exampleCount * norm(gradient));
        for (let i = 0; i < d; i++) expect(matrix[i * d + i]).to.be.at.least(0);
      });

    it(`${name}: in float32 every vector is float32 and agrees to 1e-4`, async () => {
      const single = build('float32');
      const shard = shardsOf(single)[1]!;
      const point = Float32Array.from(pointOf(family));
      const batch = range(0, shard.exampleCount);
      const found = await shard.gradient(point, batch);
      const exact = await shardsOf(family)[1]!.gradient(Float64Array.from(point), batch);
      for (const vector of [
        found,
        shard.priorGradient(point),
        shard.surrogate('diagonal').eta,
        single.initialParams(rootStream(1, 'float32')),
      ])
        expect(vector).to.be.instanceOf(Float32Array);
      expect(norm(subtract(Float64Array.from(found), exact))).to.be.below(1e-4 * (1 + norm(exact)));
    });

    it(`${name}: evaluation averages predictions: two estimates lose no more than their mean loss`, async () => {
      const points = [pointOf(family), pointOf(family, 'previous')];
      const [first, second, both] = await Promise.all(
        [[points[0]!], [points[1]!], points].map((list) => family.evaluate(list)),
      );
      expect(both!.loss).to.be.below((first!.loss + second!.loss) / 2);
      expect(family.tensorCount()).to.equal(0);
    });

    it(`${name}: segments cover the parameters without gaps`, () => {
      let offset = 0;
      for (const segment of family.segments) {
        expect(segment.offset).to.equal(offset);
        offset += segment.shape.reduce((product, length) => product * length, 1);
      }
      expect(offset).to.equal(family.parameterCount);
    });
  }
});

function diagonalMatrix(entries: ArrayLike<number>): Float64Array {
  const d = entries.length;
  const matrix = new Float64Array(d * d);
  for (let i = 0; i < d; i++) matrix[i * d + i] = entries[i]!;
  return matrix;
}
