import { atLeastZero, count } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineObjective } from '../request.js';

/**
 * A small network of modules as in dense visual prediction: backbone (convolution), neck (the same dense layer at every pixel),
 * a segmentation head at every pixel and a detection head at every 4 x 4 cell of the pooled neck. Loss of an example: mean
 * cross-entropy over its pixels plus detectionWeight times that over its cells. On the device, float32.
 */
export default defineObjective({
  name: 'dense-prediction',
  measures: ['segmentationLoss', 'detectionLoss', 'intersectionOverUnion', 'detectionAccuracy'],
  summary: 'Backbone, neck and two heads for dense prediction, on the device',
  settings: defineSettings({
    backboneChannels: count(16, "Channels of the backbone's convolution"),
    neckChannels: count(16, 'Channels of the neck'),
    kernelSize: count(5, "Side of the backbone's square kernels; zero padding keeps the image's size"),
    detectionWeight: atLeastZero(1, 'Weight of the detection loss beside the segmentation loss'),
  }),
  async create(settings, request) {
    return (await import('./parts/neural-network-dense-prediction.js')).createDensePrediction(settings, request);
  },
});
