import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { monotone } from '../../protocol/scenario/expectations/monotone.js';
import { sweep } from '../../protocol/scenario/input.js';

export default sweep('fedavg-label-skew', {
  description:
    'The cost of label skew in federated averaging on handwritten digits: Dirichlet alpha from 0.05 (a client sees one or two digits) to 10 (nearly IID), three seeds each.',
  base: {
    method: { name: 'fedavg', localEpochs: 2, batchSize: 20, clientLearningRate: 0.1 },
    objective: { name: 'softmax-regression' },
    data: { name: 'mnist', size: 14, trainCount: 12_000, testCount: 4_000, partition: { name: 'dirichlet' } },
    clients: 40,
    rounds: 20,
    participation: { cohort: 8 },
    evaluation: { everyRounds: 2 },
  },
  over: {
    'data.partition.alpha': [0.05, 0.1, 0.5, 1, 10],
    seed: [1, 2, 3],
  },
  expect: [
    monotone({ of: 'finalLoss', inOrderOf: 'data.partition.alpha', direction: 'falling', tolerance: 0.02 }),
    where({ 'data.partition.alpha': 10 }, below({ of: 'finalLoss', value: 0.75 })),
  ],
  expectedSeconds: 30,
});
