import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, pointwise } from './parts/layer.js';

export default defineLayer({
  name: 'softplus',
  summary: 'log(1 + exp(x))',
  settings: defineSettings({}),
  build: pointwise((operations, input) => operations.activate(input, 'softplus')),
});
