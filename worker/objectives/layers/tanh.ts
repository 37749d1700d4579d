import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, pointwise } from './parts/layer.js';

export default defineLayer({
  name: 'tanh',
  summary: 'hyperbolic tangent',
  settings: defineSettings({}),
  build: pointwise((operations, input) => operations.activate(input, 'tanh')),
});
