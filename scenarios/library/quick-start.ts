import { above } from '../../protocol/scenario/expectations/above.js';
import { scenario } from '../../protocol/scenario/input.js';

export default scenario('quick-start', {
  description:
    'Federated averaging of a small network on handwritten digits: 20 clients with skewed labels, 8 of them a round, in two worker processes over websockets.',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 32, clientLearningRate: 0.1 },
  objective: { name: 'mlp', hidden: [64] },
  data: { name: 'mnist', trainCount: 20_000, testCount: 4_000, partition: { name: 'dirichlet', alpha: 0.5 } },
  clients: 20,
  rounds: 30,
  seed: 1,
  participation: { cohort: 8 },
  workers: { count: 2 },
  expect: [above({ of: 'finalAccuracy', value: 0.85 })],
  expectedSeconds: 20,
});
