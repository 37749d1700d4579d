import { below } from '../../protocol/scenario/expectations/below.js';
import { scenario } from '../../protocol/scenario/input.js';

const WIDTH = 32;

/** Pre-norm: attention, then two dense layers, each around a normalisation and added to its input. */
const block = [
  { name: 'residual', layers: ['layer-normalization', { name: 'attention', heads: 4, causal: true }] },
  {
    name: 'residual',
    layers: ['layer-normalization', { name: 'dense', units: 4 * WIDTH }, 'gelu', { name: 'dense', units: WIDTH }],
  },
];

export default scenario('transformer-language-model', {
  description:
    'A small transformer as a list of layers predicts the next character of speeches; presidents are clients, and Adam is applied to the mean gradient.',
  method: { name: 'sgd', batchSize: 32, optimizer: { name: 'adam', learningRate: 0.005 } },
  objective: {
    name: 'layers',
    layers: [
      { name: 'embedding', width: WIDTH },
      'positions',
      ...block,
      ...block,
      'layer-normalization',
      'last-position',
      'dense',
    ],
  },
  data: { name: 'state-of-the-union', contextLength: 16, maxExamplesPerPresident: 1_000, partition: 'by-group' },
  clients: 10,
  rounds: 60,
  seed: 1,
  evaluation: { everyRounds: 20 },
  expect: [below({ of: 'finalLoss', value: 2.7 })],
  expectedSeconds: 40,
});
