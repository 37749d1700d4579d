import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { indices, syntheticDataset } from '../../../scenarios/check/parts/synthetic-dataset.js';
import type { Dataset } from '../../../worker/datasets/dataset.js';
import { createObjectiveFamily, objectives } from '../../../worker/objectives/objectives.js';

const classes = syntheticDataset({ featureShape: [4], classCount: 3 });
const regression = syntheticDataset({ featureShape: [4], classCount: 0 });

function create(objective: { readonly name: string; readonly [key: string]: unknown }, dataset: Dataset | null) {
  const rng = rootStream(1, 'float64');
  return createObjectiveFamily({ objective, dataset, clientCount: 2, precision: 'float64', rng });
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return String(error);
  }
  return 'nothing was thrown';
}

describe('worker/objectives/objectives', () => {
  it('every objective has defaults that pass its own check', () => {
    expect(objectives.names()).to.include.members(['quadratic', 'softmax-regression', 'mlp', 'lenet']);
    for (const name of objectives.names()) {
      const { settings } = objectives.get(name);
      expect(settings.parse('objective', {}), name).to.deep.equal(settings.defaults);
    }
  });

  it('an unknown name or setting is ERR_SCENARIO with the nearest known one', async () => {
    expect(await messageOf(create({ name: 'softmax' }, classes))).to.match(
      /ERR_SCENARIO: objective\.name: expected the name of an objective \(.*softmax-regression\), got 'softmax'/,
    );
    expect(await messageOf(create({ name: 'toString' }, classes))).to.match(/ERR_SCENARIO/);
    expect(await messageOf(create({ name: 'linear-regression', l3: 1 }, regression))).to.match(
      /ERR_SCENARIO: objective\.l3: expected the name of a setting, got 'l3'; nearest is 'l2'/,
    );
  });

  it('a setting of another type or out of range is ERR_SCENARIO and says what was expected', async () => {
    expect(await messageOf(create({ name: 'softmax-regression', l2: '0.1' }, classes))).to.match(
      /objective\.l2: expected a number of at least 0, got '0\.1'/,
    );
    expect(await messageOf(create({ name: 'softmax-regression', l2: -1 }, classes))).to.match(
      /objective\.l2: expected a number of at least 0, got -1/,
    );
    expect(await messageOf(create({ name: 'small-network', hidden: [4, 0] }, classes))).to.match(
      /objective\.hidden\.1: expected an integer of at least 1, got 0/,
    );
    expect(await messageOf(create({ name: 'small-network', activation: 'gelu' }, classes))).to.match(
      /objective\.activation: expected one of 'softplus', 'tanh', 'sigmoid', 'relu', got 'gelu'; nearest is 'relu'/,
    );
  });

  it('linear regression reads codes below `vocabulary` as the one-hot vectors they stand for, with the same bits', async () => {
    const codes = { ...syntheticDataset({ featureShape: [1], classCount: 0, vocabulary: 5 }), vocabulary: 5 };
    const oneHot = (examples: Dataset['train']) => ({
      ...examples,
      features: Float32Array.from({ length: 5 * examples.count }, (_, i) =>
        examples.features[Math.floor(i / 5)] === i % 5 ? 1 : 0,
      ),
    });
    const { vocabulary: _, ...numbers } = codes;
    const spelled = { ...numbers, featureShape: [5], train: oneHot(codes.train), test: oneHot(codes.test) };
    const params = Float64Array.of(1, -2, 3, 0.5, -1, 0.25);
    const answers = [codes, spelled].map(async (dataset) => {
      const family = await create({ name: 'linear-regression' }, dataset);
      const objective = family.shard(indices(24));
      return [
        await objective.gradient(params, indices(24)),
        await objective.clippedGradientSum(params, indices(24), 1.5),
        (await family.evaluate([params])).loss,
      ];
    });
    const [fromCodes, fromNumbers] = await Promise.all(answers);
    expect(fromCodes).to.deep.equal(fromNumbers);
    expect(fromCodes![0]).to.have.length(6);
  });

  it('codes are ERR_OBJECTIVE to an objective that would take them for numbers', async () => {
    const codes = { ...syntheticDataset({ featureShape: [1], classCount: 0, vocabulary: 5 }), vocabulary: 5 };
    for (const name of ['small-network', 'bayesian-linear-regression', 'gaussian-mean'])
      expect(await messageOf(create({ name }, codes)), name).to.match(/ERR_OBJECTIVE.*codes of one-hot vectors/);
  });

  it('data that does not fit is ERR_OBJECTIVE and says what was expected', async () => {
    expect(await messageOf(create({ name: 'softmax-regression' }, null))).to.match(
      /ERR_OBJECTIVE.*expected a data set/,
    );
    expect(await messageOf(create({ name: 'softmax-regression' }, regression))).to.match(
      /ERR_OBJECTIVE.*expected classification data, got 'synthetic' with 0 classes/,
    );
    expect(await messageOf(create({ name: 'logistic-regression' }, classes))).to.match(
      /ERR_OBJECTIVE.*expected 2 classes, 'synthetic' has 3; use 'softmax-regression'/,
    );
    const beyond: Dataset = { ...classes, classCount: 2 };
    expect(await messageOf(create({ name: 'softmax-regression' }, beyond))).to.match(
      /ERR_OBJECTIVE.*expected a label in \[0, 2\), got 2/,
    );
    const rng = rootStream(1, 'float32');
    const objective = { name: 'mlp' };
    const request = { objective, dataset: beyond, clientCount: 1, precision: 'float32', rng, device: 'wasm' } as const;
    expect(await messageOf(createObjectiveFamily(request))).to.match(
      /ERR_OBJECTIVE: objective 'mlp': .*expected a label in \[0, 2\), got 2/,
    );
    expect(await messageOf(create({ name: 'character-model' }, classes))).to.match(
      /ERR_OBJECTIVE.*expected integer features in \[0, 3\)/,
    );
  });

  it('softmax loss at zero parameters is ln 3 and logistic loss ln 2', async () => {
    const softmax = await create({ name: 'softmax-regression' }, classes);
    const zero = new Float64Array(softmax.parameterCount);
    expect(await softmax.shard(indices(9)).loss(zero, indices(9))).to.be.closeTo(Math.log(3), 1e-15);
    expect((await softmax.evaluate([zero])).loss).to.be.closeTo(Math.log(3), 1e-14);
    const logistic = await create(
      { name: 'logistic-regression' },
      syntheticDataset({ featureShape: [4], classCount: 2 }),
    );
    expect(await logistic.shard(indices(9)).loss(new Float64Array(5), indices(9))).to.be.closeTo(Math.log(2), 1e-15);
  });

  it('logistic regression is softmax regression of two classes with the difference of their weights', async () => {
    const dataset = syntheticDataset({ featureShape: [3], classCount: 2 });
    const logistic = await create({ name: 'logistic-regression' }, dataset);
    const softmax = await create({ name: 'softmax-regression' }, dataset);
    const weights = Float64Array.of(0.7, -1.2, 0.4, 0.3);
    const doubled = Float64Array.from({ length: 8 }, (_, i) => (i % 2 === 1 ? weights[i >> 1]! : 0));
    const [one, two] = [await logistic.evaluate([weights]), await softmax.evaluate([doubled])];
    expect(one.loss).to.be.closeTo(two.loss, 1e-14);
    expect(one.accuracy).to.equal(two.accuracy);
  });

  it('two estimates: their probabilities are averaged, so the loss is below the mean of the losses', async () => {
    const family = await create({ name: 'softmax-regression' }, classes);
    const rng = rootStream(4, 'float64');
    const [a, b] = [rng.normal(family.parameterCount), rng.normal(family.parameterCount)];
    const [lossA, lossB, both] = await Promise.all([[a], [b], [a, b]].map((each) => family.evaluate(each)));
    expect(both!.loss).to.be.below((lossA!.loss + lossB!.loss) / 2 - 0.01);
  });

  it('an evaluation of several hundred examples is the mean of their losses, summed in order, and each prediction the largest output', async () => {
    const count = 407;
    for (const classCount of [2, 3, 5, 10]) {
      const dataset = syntheticDataset({ featureShape: [4], classCount, trainCount: 1, testCount: count });
      const family = await create({ name: 'softmax-regression' }, dataset);
      const tested = await create({ name: 'softmax-regression' }, { ...dataset, train: dataset.test });
      const shard = tested.shard(indices(count));
      const params = rootStream(6, 'float64').normal(family.parameterCount);
      let sum = 0;
      for (const i of indices(count)) sum += (await shard.loss(params, Uint32Array.of(i))) as number;
      const { loss, accuracy, classes } = await family.evaluate([params]);
      expect(loss).to.equal(sum / count);
      const { features, labels } = dataset.test;
      const largest = Array.from(indices(count), (i) => {
        const outputs = Array.from(indices(classCount), (c) => {
          const terms = Array.from(indices(4), (j) => features[4 * i + j]! * params[j * classCount + c]!);
          return terms.reduce((z, term) => z + term, 0) + params[4 * classCount + c]!;
        });
        return outputs.indexOf(Math.max(...outputs));
      });
      expect(Array.from(classes!.predicted)).to.deep.equal(largest);
      expect(accuracy).to.equal(largest.filter((c, i) => c === labels[i]).length / count);
    }
  });

  it('a shard sees its own rows: batch index i is the i-th of its examples', async () => {
    const family = await create({ name: 'linear-regression' }, regression);
    const params = rootStream(4, 'float64').normal(family.parameterCount);
    const shard = family.shard(Uint32Array.of(5, 17, 2));
    const all = family.shard(indices(24));
    expect(shard.exampleCount).to.equal(3);
    expect(await shard.gradient(params, Uint32Array.of(1, 2))).to.deep.equal(
      await all.gradient(params, Uint32Array.of(17, 2)),
    );
  });
});
