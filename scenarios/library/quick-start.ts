import { above } from '../../protocol/scenario/expectations/above.js';
import { scenario } from '../../protocol/scenario/scenario.js';

export default scenario('quick-start', {
  description:
    'Federated averaging on handwritten digits: 20 clients with skewed labels, 8 of them a round, in two worker processes over websockets.',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 20, clientLearningRate: 0.1 },
  objective: { name: 'softmax-regression' },
  data: { name: 'mnist', size: 14, trainCount: 12_000, testCount: 2_000, partition: { name: 'dirichlet', alpha: 0.3 } },
  clients: 20,
  rounds: 40,
  seed: 1,
  participation: { cohort: 8 },
  workers: { count: 2 },
  expect: [above({ of: 'finalAccuracy', value: 0.8 })],
});
