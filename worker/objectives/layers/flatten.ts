import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, sizeOf } from './parts/layer.js';

export default defineLayer({
  name: 'flatten',
  summary: 'all axes of an example as one',
  settings: defineSettings({}),
  build: (_settings, { inputShape }) => ({
    outputShape: [sizeOf(inputShape)],
    forward: (input, { operations }) => operations.reshape(input, [input.shape[0]!, sizeOf(inputShape)]),
  }),
});
