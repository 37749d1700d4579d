import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { finite } from '../../protocol/scenario/expectations/finite.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const sgd = { name: 'sgd', learningRate: 0.5 };
const lars = { name: 'lars', learningRate: 1, trustCoefficient: 0.02 };
const lamb = { name: 'lamb', learningRate: 0.02, epsilon: 0 };
const stressed = { 'dense1/weights': 1024 };

const unchanged = (name: string) =>
  ratio({
    of: 'finalLoss',
    numerator: { 'method.optimizer.name': name, 'stress.gradientScales': stressed },
    denominator: { 'method.optimizer.name': name, 'stress.gradientScales': {} },
    least: 1,
    most: 1,
  });

export default sweep('large-batch-scale-invariance', {
  description:
    "Batches of a quarter of the data, and the gradient of one layer's weights multiplied by 64: LARS and LAMB, whose steps are " +
    'measured by the size of the weights, train as before to the last bit; SGD no longer trains.',
  base: {
    method: { name: 'sgd', batchSize: 63, optimizer: sgd },
    objective: { name: 'small-network', hidden: [32], activation: 'relu' },
    data: { name: 'gaussian-clusters', features: 32, examples: 2_000, testExamples: 500, separation: 3 },
    clients: 8,
    rounds: 60,
    precision: 'float64',
    evaluation: { everyRounds: 5 },
    checkpoints: { everyRounds: null },
    // SGD diverges on scaled gradients, which is what it is here to show.
    expect: [finite({ growth: 'allowed' })],
  },
  over: { 'method.optimizer': [sgd, lars, lamb], 'stress.gradientScales': [{}, stressed] },
  expect: [
    unchanged('lars'),
    unchanged('lamb'),
    ratio({
      of: 'finalLoss',
      numerator: { 'method.optimizer.name': 'sgd', 'stress.gradientScales': stressed },
      denominator: { 'method.optimizer.name': 'sgd', 'stress.gradientScales': {} },
      least: 2,
    }),
    where(
      { 'stress.gradientScales': {} },
      above({ of: 'finalAccuracy', value: 0.7, groupBy: 'method.optimizer.name' }),
    ),
    where({ 'stress.gradientScales': {} }, below({ of: 'finalLoss', value: 1, groupBy: 'method.optimizer.name' })),
  ],
  expectedSeconds: 15,
});
