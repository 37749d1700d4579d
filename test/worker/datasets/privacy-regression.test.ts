import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { loadDataset } from '../../support/load-dataset.js';

const rng = rootStream(5, 'float64').derive('data');

describe('worker/datasets/privacy-regression', () => {
  const settings = { name: 'privacy-regression', examples: 2_000, testExamples: 100 };

  it('targets are divided by their largest training magnitude: it is 1', () => {
    const { train } = loadDataset(settings, rng);
    expect(Math.max(...train.targets.map(Math.abs))).to.equal(1);
  });

  it('label noise has its own stream: without it the inputs are the same, and with stddev 5 it is most of the target', () => {
    const clean = loadDataset({ ...settings, labelNoiseStddev: 0 }, rng);
    const noisy = loadDataset({ ...settings, labelNoiseStddev: 5 }, rng);
    expect(noisy.train.features).to.deep.equal(clean.train.features);
    const correlation = clean.train.targets.reduce((sum, t, i) => sum + t * noisy.train.targets[i]!, 0);
    const square = (targets: Float64Array) => targets.reduce((sum, t) => sum + t * t, 0);
    expect(correlation / Math.sqrt(square(clean.train.targets) * square(noisy.train.targets))).to.be.below(0.6);
  });
});

describe('worker/datasets/canaries', () => {
  it('includes each of 2000 canaries by a fair coin, 1000 within 5 standard deviations (22.4) for seed 5, once, as its code', () => {
    const { train, featureShape, vocabulary } = loadDataset({ name: 'canaries', canaries: 2_000, target: 7 }, rng);
    expect({ featureShape, vocabulary }).to.deep.equal({ featureShape: [1], vocabulary: 2_000 });
    expect(train.count).to.be.within(1000 - 112, 1000 + 112);
    expect(new Set(train.features).size).to.equal(train.count);
    expect(train.features.every((code) => Number.isInteger(code) && code >= 0 && code < 2_000)).to.equal(true);
    expect(train.targets.every((target) => target === 7)).to.equal(true);
  });

  it('refuses more canaries than float32 can number', () => {
    expect(() => loadDataset({ name: 'canaries', canaries: 2 ** 24 + 1 }, rng)).to.throw('ERR_SCENARIO');
  });
});
