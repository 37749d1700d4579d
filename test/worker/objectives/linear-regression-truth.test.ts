import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { createObjectiveFamily } from '../../../worker/objectives/objectives.js';
import { loadDataset } from '../../support/load-dataset.js';

const dataset = loadDataset(
  {
    name: 'linear-regression',
    features: 3,
    examples: 20,
    testExamples: 4000,
    labelNoiseStddev: 3,
    trueWeights: 'one-to-n',
  },
  rootStream(2, 'float64'),
);

const family = (settings: object) =>
  createObjectiveFamily({
    objective: { name: 'linear-regression', bias: false, ...settings },
    dataset,
    clientCount: 1,
    precision: 'float64',
    rng: rootStream(1, 'float64'),
  });

describe('worker/objectives/linear-regression where the truth is known', () => {
  it('the excess loss is that of the predictions without label noise: 0 at the truth, where the loss is 9 / 2 within 5 %', async () => {
    const { loss, extra } = await (await family({})).evaluate([Float64Array.of(1, 2, 3)]);
    expect(extra).to.deep.equal({ excessLoss: 0 });
    expect(loss).to.be.within(4.5 * 0.95, 4.5 * 1.05);
  });

  it('one unit off in one weight of N(0, 1) inputs costs 1 / 2 within 5 %, and weightErrors names it', async () => {
    const { extra } = await (await family({ weightErrors: true })).evaluate([Float64Array.of(1, 3, 3)]);
    expect(extra!.excessLoss).to.be.within(0.475, 0.525);
    expect([extra!['weightError/1'], extra!['weightError/2'], extra!['weightError/3']]).to.deep.equal([0, 1, 0]);
  });

  it('a bias of 2 counts as an error of every prediction: 2^2 / 2', async () => {
    const { extra } = await (await family({ bias: true })).evaluate([Float64Array.of(1, 2, 3, 2)]);
    expect(extra!.excessLoss).to.be.closeTo(2, 1e-12);
  });
});
