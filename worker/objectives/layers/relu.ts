import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, pointwise } from './parts/layer.js';

export default defineLayer({
  name: 'relu',
  summary: 'the larger of 0 and the input',
  settings: defineSettings({}),
  build: pointwise((operations, input) => operations.activate(input, 'relu')),
});
