import { sweep } from '../../protocol/scenario/scenario.js';

export default sweep('vrgd-batch-sweep', {
  description: 'try',
  base: {
    method: { name: 'vrgd', batchSize: 4, optimizer: { name: 'momentum', learningRate: 0.1 }, noiseScale: {} },
    objective: { name: 'small-network', hidden: [32], activation: 'relu' },
    data: { name: 'mnist', size: 8, trainCount: 2_000, testCount: 1_000 },
    clients: 16,
    rounds: 60,
    evaluation: { everyRounds: 20, train: true },
    checkpoints: { everyRounds: null },
  },
  over: { 'method.gamma': [1, 0.1], 'method.batchSize': [4, 16, 125], 'method.optimizer.learningRate': [0.1, 1] },
  expect: [],
  expectedSeconds: 45,
});
