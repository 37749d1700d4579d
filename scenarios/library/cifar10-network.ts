import { above } from '../../protocol/scenario/expectations/above.js';
import { scenario } from '../../protocol/scenario/input.js';

export default scenario('cifar10-network', {
  description:
    "The network of pfl-research's CIFAR10 benchmark (1.63 million parameters, dropout) as a list of layers, on synthetic images of 32 x 32 x 3.",
  method: { name: 'fedavg', localEpochs: 1, batchSize: 10, clientLearningRate: 0.02 },
  objective: {
    name: 'layers',
    layers: [
      { name: 'reshape', shape: [32, 32, 3] },
      { name: 'convolution', filters: 32, padding: 'valid' },
      'relu',
      { name: 'convolution', filters: 64, padding: 'valid' },
      'relu',
      'max-pooling',
      { name: 'dropout', rate: 0.25 },
      'flatten',
      { name: 'dense', units: 128, initializer: 'he-uniform' },
      'relu',
      { name: 'dropout', rate: 0.5 },
      'dense',
    ],
  },
  data: {
    name: 'gaussian-clusters',
    features: 3072,
    separation: 30,
    examples: 200,
    testExamples: 100,
    partition: 'iid',
  },
  clients: 10,
  rounds: 8,
  seed: 1,
  participation: { cohort: 4 },
  evaluation: { everyRounds: 4 },
  expect: [above({ of: 'finalAccuracy', value: 0.4 })],
  expectedSeconds: 30,
});
