import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, pointwise } from './parts/layer.js';

export default defineLayer({
  name: 'gelu',
  summary: 'x times the normal distribution function of x (Hendrycks, Gimpel, 2016)',
  settings: defineSettings({}),
  build: pointwise((operations, input) => operations.activate(input, 'gelu')),
});
