import { sweep } from '../../protocol/scenario/scenario.js';

export default sweep('vrgd-under-heterogeneity', {
  description: 'try',
  base: {
    method: {
      name: 'vrgd',
      batchSize: 16,
      subBatches: 2,
      optimizer: { name: 'sgd', learningRate: 0.2 },
      noiseScale: { ownHalves: true },
    },
    objective: 'softmax-regression',
    data: { name: 'mnist', size: 8, trainCount: 4_000, testCount: 1_000 },
    clients: 16,
    rounds: 40,
    evaluation: { everyRounds: 10 },
    checkpoints: { everyRounds: null },
  },
  over: {
    'data.partition': ['iid', { name: 'dirichlet', alpha: 0.1 }],
    'method.scaled': [null, { clients: [0], factor: 10 }],
    'codecs.gradient': ['identity', { name: 'top-k', fraction: 0.05 }],
  },
  expect: [],
  expectedSeconds: 15,
});
