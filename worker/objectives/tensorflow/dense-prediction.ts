import { type ObjectiveDefinition, wrongIfNegative, wrongSizes } from '../request.js';
import type { DensePredictionSettings } from './dense-prediction-settings.js';

/**
 * A small network of modules as in dense visual prediction: backbone (convolution), neck (the same dense layer at every pixel),
 * a segmentation head at every pixel and a detection head at every 4 x 4 cell of the pooled neck. Loss of an example: mean
 * cross-entropy over its pixels plus detectionWeight times that over its cells. On the device, float32.
 */
export const densePrediction: ObjectiveDefinition<DensePredictionSettings> = {
  defaults: { backboneChannels: 16, neckChannels: 16, kernelSize: 5, detectionWeight: 1 },
  check: ({ backboneChannels, neckChannels, kernelSize, detectionWeight }) =>
    wrongSizes('backboneChannels', [backboneChannels]) ??
    wrongSizes('neckChannels', [neckChannels]) ??
    wrongSizes('kernelSize', [kernelSize]) ??
    wrongIfNegative('detectionWeight', detectionWeight),
  async create(settings, request) {
    return (await import('./neural-network-dense-prediction.js')).createDensePrediction(settings, request);
  },
};
