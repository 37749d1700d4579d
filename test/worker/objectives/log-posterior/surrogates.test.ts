import { expect } from 'chai';
import { conjugatePosterior, gaussianPriorFactor, marginalFactor } from '../../../../protocol/bayesian/conjugate.js';
import { GradswarmError } from '../../../../protocol/errors.js';
import type { LogPosterior } from '../../../../protocol/method.js';
import { matrixVector } from '../../../../protocol/numerics/linear-algebra.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { norm } from '../../../../protocol/numerics/vector.js';
import type { Dataset } from '../../../../worker/datasets/dataset.js';
import { bayesianLinearRegression as linearRegression } from '../../../../worker/objectives/log-posterior/bayesian-linear-regression.js';
import { bayesianLogisticRegression as logisticRegression } from '../../../../worker/objectives/log-posterior/bayesian-logistic-regression.js';
import {
  bayesianNetwork as network,
  settings as networkSettings,
} from '../../../../worker/objectives/log-posterior/bayesian-network.js';
import { metricLearning } from '../../../../worker/objectives/log-posterior/metric-learning.js';
import { MultilayerPerceptron } from '../../../../worker/objectives/log-posterior/multilayer-perceptron.js';
import { range, tinyDataset } from '../../../support/bayesian-problems.js';

const networkDefaults = networkSettings.defaults;

const rng = rootStream(1, 'float64');
const factorOf = (shard: LogPosterior) => {
  const { eta, precision } = shard.surrogate('full');
  return { eta: Float64Array.from(eta), precision: Float64Array.from(precision) };
};

describe('worker/objectives/log-posterior: surrogates', () => {
  it('linear regression: the product of any split is the posterior (0.9406803, 0.95229363)', () => {
    const dataset: Dataset = {
      ...tinyDataset(1, 0, () => 0),
      train: {
        count: 4,
        features: Float32Array.of(0, 1, 2, 3),
        labels: new Int32Array(0),
        targets: Float64Array.of(1, 2, 2.5, 4),
      },
    };
    const settings = { priorVariance: 10, noiseVariance: 0.25, intercept: true };
    const family = linearRegression({ dataset, settings, precision: 'float64', clientCount: 2, rng });
    const factors = [Uint32Array.of(3, 0), Uint32Array.of(1), Uint32Array.of(2)].map((part) =>
      factorOf(family.shard(part) as LogPosterior),
    );
    const { mean, covariance } = conjugatePosterior(gaussianPriorFactor(2, 0.1), factors);
    // Parameters are (slope, intercept).
    expect(mean[1]).to.be.closeTo(0.9406803, 5e-8);
    expect(mean[0]).to.be.closeTo(0.95229363, 5e-9);
    expect(covariance[3]).to.be.closeTo(0.17144952782616657, 1e-14);
  });

  it('logistic regression: the expansion has the slope and curvature of the likelihood where it was taken', async () => {
    const dataset = tinyDataset(2, 2, (row, noise) => (row[0]! + noise > 0.6 ? 1 : 0), 60);
    const settings = { priorVariance: 2, intercept: true, positiveClasses: [] };
    const family = logisticRegression({ dataset, settings, precision: 'float64', clientCount: 3, rng });
    const shard = family.shard(range(0, 40)) as LogPosterior;
    const factor = factorOf(shard);
    // The mode of prior^(1/3) x Gaussian is that of prior^(1/3) x likelihood.
    const mode = conjugatePosterior(gaussianPriorFactor(3, 1 / 6), [factor]).mean;
    const likelihood = (await shard.gradient(mode, range(0, 40))).map((value) => -40 * value);
    expect(norm(Float64Array.from(likelihood, (value, i) => value - mode[i]! / 6))).to.be.below(1e-10);
    for (let i = 0; i < 3; i++) {
      const up = mode.map((value, j) => value + (i === j ? 1e-5 : 0));
      const slope = (await shard.gradient(up, range(0, 40))).map((value) => -40 * value);
      for (let j = 0; j < 3; j++)
        expect((likelihood[j]! - slope[j]!) / 1e-5).to.be.closeTo(factor.precision[i * 3 + j]!, 1e-3);
    }
  });

  it('logistic regression: at any point the expansion has the curvature of the likelihood there, not that of the mode', async () => {
    const dataset = tinyDataset(2, 2, (row, noise) => (row[0]! + noise > 0.6 ? 1 : 0), 60);
    const settings = { priorVariance: 2, intercept: true, positiveClasses: [] };
    const family = logisticRegression({ dataset, settings, precision: 'float64', clientCount: 3, rng });
    const shard = family.shard(range(0, 40)) as LogPosterior;
    const point = Float64Array.of(-1.5, 0.5, 2);
    const { precision } = shard.surrogate('full', point);
    const slope = await shard.gradient(point, range(0, 40));
    for (let i = 0; i < 3; i++) {
      const up = await shard.gradient(
        point.map((value, j) => value + (i === j ? 1e-5 : 0)),
        range(0, 40),
      );
      for (let j = 0; j < 3; j++) expect((40 * (up[j]! - slope[j]!)) / 1e-5).to.be.closeTo(precision[i * 3 + j]!, 1e-3);
    }
    expect(Math.abs(precision[0]! - factorOf(shard).precision[0]!)).to.be.above(0.1);
  });

  it('separable logistic data, whose flat-prior fit does not exist, has a finite surrogate', () => {
    const dataset = tinyDataset(1, 2, (row) => (row[0]! > 0 ? 1 : 0));
    const settings = { priorVariance: 100, intercept: true, positiveClasses: [] };
    const family = logisticRegression({ dataset, settings, precision: 'float64', clientCount: 4, rng });
    const { eta, precision } = factorOf(family.shard(range(0, 24)) as LogPosterior);
    expect([...eta, ...precision].every(Number.isFinite)).to.equal(true);
    expect(precision[0]).to.be.above(0);
  });

  it('features of size 300 far from 0, labels against the trend: the mode is found (tempered slope below 1e-6)', async () => {
    const base = tinyDataset(1, 2, (row, noise) => (row[0]! > 0 || noise > 0.9 ? 1 : 0));
    const dataset = { ...base, train: { ...base.train, features: base.train.features.map((x) => 300 * x + 900) } };
    const settings = { priorVariance: 1e4, intercept: true, positiveClasses: [] };
    const family = logisticRegression({ dataset, settings, precision: 'float64', clientCount: 1, rng });
    const shard = family.shard(range(0, 24)) as LogPosterior;
    const mode = conjugatePosterior(gaussianPriorFactor(2, 1e-4), [factorOf(shard)]).mean;
    const slope = (await shard.gradient(mode, range(0, 24))).map((value, i) => 24 * value + mode[i]! / 1e4);
    expect(norm(slope)).to.be.below(1e-6);
  });

  it('a network without hidden layers and two classes has the curvature of logistic regression in the weight difference', () => {
    const dataset = tinyDataset(2, 2, (row, noise) => (row[0]! + noise > 0.6 ? 1 : 0), 40);
    const settings = { ...networkDefaults, hiddenWidths: [], surrogateSteps: 0 };
    const family = network({ dataset, settings, precision: 'float64', clientCount: 1, rng });
    const { precision } = factorOf(family.shard(range(0, 40)) as LogPosterior);
    // Softmax of two logits: d^2/dw^2 = sum p (1 - p) x x^T [[1, -1], [-1, 1]]; parameters (w00, w01, w10, w11, b0, b1).
    for (let i = 0; i < 6; i += 2)
      for (let j = 0; j < 6; j += 2) {
        expect(precision[i * 6 + j + 1]).to.be.closeTo(-precision[i * 6 + j]!, 1e-12);
        expect(precision[(i + 1) * 6 + j + 1]).to.be.closeTo(precision[i * 6 + j]!, 1e-12);
      }
    expect(precision[0]).to.be.above(0.5);
  });

  it('a network surrogate taken at the start has the slope of the likelihood there: eta - precision start = -sum of gradients', () => {
    const dataset = tinyDataset(2, 3, (row, noise) => (row[0]! > 0.4 ? 2 : noise > 0.5 ? 1 : 0));
    const settings = { ...networkDefaults, hiddenWidths: [3], surrogateSteps: 0 };
    const family = network({ dataset, settings, precision: 'float64', clientCount: 2, rng });
    const shard = family.shard(range(3, 20)) as LogPosterior;
    const start = family.initialParams(rng.derive('surrogate-start')) as Float64Array;
    const gradient = shard.gradient(start, range(0, 17)) as Float64Array;
    const full = factorOf(shard);
    const bend = matrixVector(full.precision, start);
    const diagonal = shard.surrogate('diagonal');
    for (let i = 0; i < start.length; i++) {
      expect(full.eta[i]! - bend[i]!).to.be.closeTo(-17 * gradient[i]!, 1e-10);
      expect(diagonal.eta[i]! - diagonal.precision[i]! * start[i]!).to.be.closeTo(-17 * gradient[i]!, 1e-10);
    }
  });

  it('softmax regression: 300 steps reach the mode (tempered slope below 1 % of that at the start)', () => {
    const dataset = tinyDataset(2, 3, (row, noise) => (row[0]! + noise > 0.8 ? 2 : noise > 0.5 ? 1 : 0), 60);
    const settings = { ...networkDefaults, hiddenWidths: [], surrogateSteps: 300 };
    const family = network({ dataset, settings, precision: 'float64', clientCount: 1, rng });
    const shard = family.shard(range(0, 60)) as LogPosterior;
    const slopeAt = (params: Float64Array) =>
      norm((shard.gradient(params, range(0, 60)) as Float64Array).map((value, i) => 60 * value + params[i]!));
    const mode = conjugatePosterior(gaussianPriorFactor(family.parameterCount, 1), [factorOf(shard)]).mean;
    expect(slopeAt(mode)).to.be.below(
      0.01 * slopeAt(family.initialParams(rng.derive('surrogate-start')) as Float64Array),
    );
  });

  it('initial weights: N(0, 2/inputs) for ReLU, N(0, 1/inputs) for tanh, biases 0 (3,200 weights, 5 sigma)', () => {
    for (const [activation, factor] of [
      ['relu', 2],
      ['tanh', 1],
    ] as const) {
      const perceptron = new MultilayerPerceptron([32, 100, 2], activation);
      const params = perceptron.fillInitial(new Float64Array(perceptron.parameterCount), rng.derive('initial'));
      const weights = params.subarray(0, 3200) as Float64Array;
      const variance = weights.reduce((sum, value) => sum + value * value, 0) / 3200;
      expect(Math.abs((variance * 32) / factor - 1)).to.be.below(5 * Math.sqrt(2 / 3200));
      expect(norm(params.subarray(3200, 3300))).to.equal(0);
    }
  });

  it('the diagonal network surrogate is the diagonal of the full one, with the same slope at the mode', () => {
    const dataset = tinyDataset(2, 3, (row, noise) => (row[0]! > 0.4 ? 2 : noise > 0.5 ? 1 : 0));
    const settings = { ...networkDefaults, hiddenWidths: [3], surrogateSteps: 40 };
    const family = network({ dataset, settings, precision: 'float64', clientCount: 2, rng });
    const shard = family.shard(range(3, 20)) as LogPosterior;
    const full = factorOf(shard);
    const { precision } = shard.surrogate('diagonal');
    const d = family.parameterCount;
    for (let i = 0; i < d; i++) expect(precision[i]).to.be.closeTo(full.precision[i * d + i]!, 1e-12);
  });

  it('a full surrogate of more than 500 network parameters is refused, the diagonal one is given', () => {
    const dataset = tinyDataset(4, 2, (row) => (row[0]! > 0 ? 1 : 0));
    const settings = { ...networkDefaults, hiddenWidths: [80], surrogateSteps: 1 };
    const family = network({ dataset, settings, precision: 'float64', clientCount: 2, rng });
    const shard = family.shard(range(0, 10)) as LogPosterior;
    expect(() => shard.surrogate('full')).to.throw(GradswarmError, 'ERR_OBJECTIVE');
    expect(shard.surrogate('diagonal').precision.length).to.equal(family.parameterCount);
  });

  it('an example whose gradient is not finite counts as zero in clipped sums', () => {
    const base = tinyDataset(1, 0, (row) => row[0]!);
    base.train.targets[1] = Number.NaN;
    const settings = { priorVariance: 1, noiseVariance: 1, intercept: false };
    const family = linearRegression({ dataset: base, settings, precision: 'float64', clientCount: 1, rng });
    const shard = family.shard(range(0, 3)) as LogPosterior;
    const at = Float64Array.of(5);
    const without = shard.clippedGradientSum(at, Uint32Array.of(0, 2), 0.5) as Float64Array;
    expect([...(shard.clippedGradientSum(at, range(0, 3), 0.5) as Float64Array)]).to.deep.equal([...without]);
    expect(without[0]).to.not.equal(0);
  });

  it('the marginal form of a diagonal factor is itself, and of [[2, 1], [1, 2]] has variance 2/3', () => {
    const diagonal = { eta: Float64Array.of(3, 1), precision: Float64Array.of(2, 0, 0, 5) };
    const kept = marginalFactor(diagonal, 0.25);
    for (const [i, expected] of [2, 5].entries()) expect(kept.precision[i]).to.be.closeTo(expected, 1e-14);
    for (const [i, expected] of [3, 1].entries()) expect(kept.eta[i]).to.be.closeTo(expected, 1e-14);
    const { precision } = marginalFactor({ eta: Float64Array.of(0, 0), precision: Float64Array.of(2, 1, 1, 2) }, 0);
    expect(precision[0]).to.be.closeTo(1.5, 1e-14);
  });

  it('metric learning: half the pairs are similar, and the first direction is the axis of largest variance', () => {
    const base = tinyDataset(3, 2, (row) => (row[0]! > 0 ? 1 : 0), 200);
    const stretched = base.train.features.map((value, i) => (i % 3 === 1 ? 30 * value : value));
    const dataset = { ...base, train: { ...base.train, features: stretched } };
    const settings = { priorVariance: 1, componentCount: 2, pairsPerClient: 100, testPairs: 10 };
    const family = metricLearning({ dataset, settings, precision: 'float64', clientCount: 2, rng });
    const shard = family.shard(range(0, 100)) as LogPosterior;
    expect(shard.exampleCount).to.equal(100);
    // With theta = 0 the bias gradient is mean(1/2 - similar).
    const gradient = shard.gradient(new Float64Array(3), range(0, 100)) as Float64Array;
    expect(gradient[2]).to.be.closeTo(0, 1e-12);
    // At (g, 0, 0) one pair costs ln(1 + e^(+-g s^2)): squared differences average 2 x 900 along the first axis and 2 along another.
    const lossAlong = (component: number) => {
      const params = new Float64Array(3);
      params[component] = 1;
      return shard.loss(params, range(0, 100));
    };
    expect(lossAlong(0)).to.be.within(500, 1500); // about half of 1,800
    expect(lossAlong(1)).to.be.below(10);
  });

  it('metric learning: classes apart along the first axis make its distance count, gamma > 0 and mu > 0', () => {
    const base = tinyDataset(2, 2, (row) => (row[0]! > 0 ? 1 : 0), 200);
    const apart = base.train.features.map((value, i) => (i % 2 === 0 ? value + (value > 0 ? 3 : -3) : value));
    const dataset = { ...base, train: { ...base.train, features: apart } };
    const settings = { priorVariance: 10, componentCount: 1, pairsPerClient: 200, testPairs: 10 };
    const family = metricLearning({ dataset, settings, precision: 'float64', clientCount: 1, rng });
    const factor = factorOf(family.shard(range(0, 200)) as LogPosterior);
    const { mean } = conjugatePosterior(gaussianPriorFactor(2, 1 / 10), [factor]);
    expect(mean[0]).to.be.above(0.05);
    expect(mean[1]).to.be.above(1);
  });
});
