import type { Dataset } from '../../worker/datasets/dataset.js';
import { syntheticDataset } from '../check/parts/synthetic-dataset.js';

/** The smallest network with a layer of one type. */
export interface LayerProbe {
  readonly layer: string;
  readonly layers: readonly unknown[];
  readonly dataset: Dataset;
}

const counts = { trainCount: 8, testCount: 4 };
const images = syntheticDataset({ featureShape: [6, 6, 2], classCount: 3, ...counts });
const text = syntheticDataset({ featureShape: [5], classCount: 7, vocabulary: 7, ...counts });

const convolution = { name: 'convolution', filters: 4 };
const wide = { name: 'convolution', filters: 16 };
const onImages = (layer: string, ...layers: readonly unknown[]): LayerProbe => ({
  layer,
  layers: [...layers, 'flatten', 'dense'],
  dataset: images,
});
const onText = (layer: string, ...layers: readonly unknown[]): LayerProbe => ({
  layer,
  layers: [{ name: 'embedding', width: 4 }, ...layers, 'last-position', 'dense'],
  dataset: text,
});
const activation = (layer: string) => onImages(layer, convolution, layer);

/** One for each type of layer. */
export const LAYER_PROBES: readonly LayerProbe[] = [
  onText('attention', { name: 'attention', heads: 2, causal: true }),
  onImages('average-pooling', { name: 'average-pooling', size: 2 }),
  {
    // Wide and large enough for the tiles of `simd`, and a stride that has none.
    ...onImages('convolution', wide, wide, { name: 'convolution', filters: 3, stride: 2 }),
    dataset: syntheticDataset({ featureShape: [8, 8, 2], classCount: 3, ...counts }),
  },
  onImages('dense', 'flatten', { name: 'dense', units: 5 }),
  onImages('dropout', { name: 'dropout', rate: 0.5 }),
  onText('embedding'),
  onImages('flatten'),
  activation('gelu'),
  onImages('group-normalization', convolution, { name: 'group-normalization', groups: 2 }),
  onText('last-position', { name: 'attention', heads: 1 }),
  onText('layer-normalization', 'layer-normalization'),
  onImages('max-pooling', convolution, { name: 'max-pooling', size: 2 }),
  onText('positions', 'positions'),
  activation('relu'),
  onImages('reshape', { name: 'reshape', shape: [12, 6] }, { name: 'dense', units: 4 }),
  onImages('residual', { name: 'residual', layers: [{ name: 'convolution', filters: 2 }, 'tanh'] }),
  activation('sigmoid'),
  activation('softplus'),
  activation('tanh'),
];
