import { syntheticDataset } from '../../../scenarios/check/parts/synthetic-dataset.js';
import { type ContractCase, itKeepsTheContract } from './objective-contract.js';

const images = syntheticDataset({ featureShape: [13], classCount: 7 });
const twoClasses = syntheticDataset({ featureShape: [5], classCount: 2 });
const regression = syntheticDataset({ featureShape: [8], classCount: 0 });
const text = syntheticDataset({ featureShape: [3], classCount: 11, vocabulary: 11 });

const subjects: readonly Pick<ContractCase, 'title' | 'objective' | 'dataset'>[] = [
  { title: 'linear regression', objective: { name: 'linear-regression' }, dataset: regression },
  { title: 'linear regression, l2', objective: { name: 'linear-regression', l2: 0.3 }, dataset: regression },
  { title: 'logistic regression', objective: { name: 'logistic-regression' }, dataset: twoClasses },
  {
    title: 'logistic regression, l2, no bias',
    objective: { name: 'logistic-regression', l2: 0.2, bias: false },
    dataset: twoClasses,
  },
  { title: 'softmax regression', objective: { name: 'softmax-regression' }, dataset: images },
  { title: 'softmax regression, l2', objective: { name: 'softmax-regression', l2: 0.1 }, dataset: images },
  {
    title: 'small network, softplus, regression',
    objective: { name: 'small-network', hidden: [10] },
    dataset: regression,
  },
  {
    title: 'small network, tanh, two hidden layers, l2',
    objective: { name: 'small-network', hidden: [6, 4], activation: 'tanh', l2: 0.05 },
    dataset: images,
  },
  {
    title: 'small network, sigmoid',
    objective: { name: 'small-network', hidden: [9], activation: 'sigmoid' },
    dataset: images,
  },
  {
    title: 'small network, relu',
    objective: { name: 'small-network', hidden: [9, 7], activation: 'relu' },
    dataset: images,
  },
  { title: 'character model', objective: { name: 'character-model', hidden: [6] }, dataset: text },
  {
    title: 'quadratic, diagonal',
    objective: { name: 'quadratic', dimension: 6, examples: 9, exampleSpread: 0.5 },
    dataset: null,
  },
  {
    title: 'quadratic, full',
    objective: { name: 'quadratic', dimension: 6, examples: 9, exampleSpread: 0.5, curvature: 'full' },
    dataset: null,
  },
];

describe('worker/objectives, plain loops in float64', () => {
  for (const subject of subjects)
    itKeepsTheContract({ ...subject, precision: 'float64', gradientTolerance: 1e-6, sumTolerance: 1e-13, step: 1e-5 });
});

describe('worker/objectives, plain loops in float32', () => {
  for (const subject of subjects)
    itKeepsTheContract({ ...subject, precision: 'float32', gradientTolerance: 2e-3, sumTolerance: 3e-7, step: 1e-2 });
});
