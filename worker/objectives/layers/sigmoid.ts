import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, pointwise } from './parts/layer.js';

export default defineLayer({
  name: 'sigmoid',
  summary: '1 / (1 + exp(-x))',
  settings: defineSettings({}),
  build: pointwise((operations, input) => operations.activate(input, 'sigmoid')),
});
