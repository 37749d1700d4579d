import { syntheticDataset } from '../../scenarios/check/parts/synthetic-dataset.js';
import type { Dataset } from '../../worker/datasets/dataset.js';
import type { ContractCase } from '../worker/objectives/objective-contract.js';

export const images = syntheticDataset({ featureShape: [6, 6, 2], classCount: 3, trainCount: 16, testCount: 4 });
export const text = {
  ...syntheticDataset({ featureShape: [5], classCount: 7, trainCount: 16, testCount: 4, vocabulary: 7 }),
  vocabulary: 7,
};
const numbers = syntheticDataset({ featureShape: [6], classCount: 0, trainCount: 16, testCount: 4 });

const BLOCK = [
  { name: 'residual', layers: ['layer-normalization', { name: 'attention', heads: 2, causal: true }] },
  {
    name: 'residual',
    layers: ['layer-normalization', { name: 'dense', units: 6 }, 'gelu', { name: 'dense', units: 4 }],
  },
];
export const TRANSFORMER = [
  { name: 'embedding', width: 4 },
  'positions',
  ...BLOCK,
  'layer-normalization',
  'last-position',
  'dense',
];

/** Together they have every type of layer but dropout, whose loss has no derivative: its masks follow from the bits of the parameters. */
export const networks: readonly {
  readonly title: string;
  readonly layers: readonly unknown[];
  readonly dataset: Dataset;
  /** What trains, and adapters. */
  readonly settings?: object;
  /** Of losses with kinks. */
  readonly gradientTolerance?: number;
}[] = [
  {
    title: 'strided, padded convolutions, group normalisation and means over places',
    layers: [
      { name: 'convolution', filters: 4, stride: 2 },
      { name: 'group-normalization', groups: 2 },
      'tanh',
      { name: 'convolution', filters: 3, kernelSize: 2, padding: 'valid' },
      'softplus',
      'average-pooling',
      'dense',
    ],
    dataset: images,
  },
  {
    title: 'a ResNet block with a shortcut, pooling and dropout',
    layers: [
      {
        name: 'residual',
        layers: [
          { name: 'convolution', filters: 4 },
          { name: 'group-normalization', groups: 2 },
          'relu',
          { name: 'convolution', filters: 4 },
        ],
        shortcut: [{ name: 'convolution', filters: 4, kernelSize: 1 }],
      },
      { name: 'max-pooling', size: 2 },
      { name: 'average-pooling', size: 3 },
      'flatten',
      'dense',
    ],
    dataset: images,
    gradientTolerance: 0.1,
  },
  { title: 'a transformer of codes', layers: TRANSFORMER, dataset: text },
  {
    title: 'adapters of low rank in a transformer, and its last layer',
    layers: TRANSFORMER,
    settings: { lora: { modules: ['*attention*', '*dense*'], rank: 2 }, trainable: ['dense7'] },
    dataset: text,
  },
  {
    title: 'attention without mask, means over positions, sigmoid, a regression',
    layers: [
      { name: 'reshape', shape: [3, 2] },
      { name: 'dense', units: 4 },
      { name: 'attention', heads: 4, bias: false },
      'sigmoid',
      'average-pooling',
      'dense',
    ],
    dataset: numbers,
  },
];

/** Of the contract of objectives, on a device. */
export const subjects = (device: string): readonly ContractCase[] =>
  networks.map(({ title, layers: list, settings, dataset, gradientTolerance = 1e-2 }) => ({
    title: `${title}, ${device}`,
    objective: { name: 'layers', layers: list, ...settings },
    dataset,
    precision: 'float32',
    device,
    gradientTolerance,
    sumTolerance: 1e-5,
    step: 5e-3,
  }));

/** In plain loops, without a device. */
export const doubles: readonly ContractCase[] = networks.map(({ title, layers: list, settings, dataset }) => ({
  title: `${title}, in float64`,
  objective: { name: 'layers', layers: list, ...settings },
  dataset,
  precision: 'float64',
  gradientTolerance: 1e-8,
  sumTolerance: 1e-12,
  step: 1e-5,
}));
