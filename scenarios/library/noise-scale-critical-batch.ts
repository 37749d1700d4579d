import { where } from '../../protocol/scenario/expectation.js';
import { criticalBatch } from '../../protocol/scenario/expectations/critical-batch.js';
import { finite } from '../../protocol/scenario/expectations/finite.js';
import { reaches } from '../../protocol/scenario/expectations/reaches.js';
import { sweep } from '../../protocol/scenario/input.js';

const TARGET = 0.45;

export default sweep('noise-scale-critical-batch', {
  description:
    'Steps to a loss at batches of 16 to 1024 and six learning rates. The critical batch that their curve S = S_min (1 + B_crit / B) ' +
    'shows is the gradient noise scale tr(Sigma) / |G|^2 that the same runs measured, up to a factor of 3.',
  base: {
    method: { name: 'sgd', batchSize: 2, optimizer: { name: 'sgd', learningRate: 0.1 } },
    measure: [{ name: 'gradient-noise-scale', kind: 'gradient', decay: 0.8 }],
    objective: { name: 'small-network', hidden: [32], activation: 'relu' },
    data: {
      name: 'gaussian-clusters',
      features: 64,
      examples: 16_000,
      testExamples: 500,
      separation: 4,
      noiseStddev: 1.2,
    },
    clients: 8,
    rounds: 100,
    checkpoints: { everyRounds: null },
    // The largest rates diverge at the smallest batch: the best rate of each batch is looked for on both sides.
    expect: [finite({ growth: 'allowed' })],
  },
  over: {
    'method.batchSize': [2, 8, 32, 128],
    'method.optimizer.learningRate': [0.1, 0.2, 0.4, 0.8, 1.6, 3.2],
    seed: [1, 2, 3],
  },
  expect: [
    criticalBatch({ loss: TARGET, factor: 3 }),
    where({ 'method.batchSize': 128, 'method.optimizer.learningRate': 0.8 }, reaches({ loss: TARGET, byRound: 40 })),
  ],
  claims: [
    {
      claim: 'The gradient noise scale predicts the critical batch size to an order of magnitude',
      source: 'An Empirical Model of Large-Batch Training, from memory',
      where: { 'method.name': 'sgd' },
      judgedBy: [criticalBatch({ loss: TARGET, factor: 10 })],
      text: 'reconstruction',
      note: 'Estimator and claim are from memory, the estimator compared with a public implementation; neither was checked against the paper.',
    },
  ],
  expectedSeconds: 45,
});
