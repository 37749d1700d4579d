import { positive } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer } from './parts/layer.js';

export default defineLayer({
  name: 'layer-normalization',
  summary:
    'mean 0 and variance 1 over the last axis, then a scale and an offset for each of its entries (Ba, Kiros, Hinton, 2016)',
  settings: defineSettings({ epsilon: positive(1e-5, 'Added to the variance') }),
  build({ epsilon }, { inputShape, parameter }) {
    const width = inputShape.at(-1)!;
    const scale = parameter('scale', [width], 'ones');
    const offset = parameter('offset', [width], 'zeros');
    return {
      outputShape: inputShape,
      forward: (input, { operations, read }) =>
        operations.add(operations.multiply(operations.normalize(input, epsilon), read(scale)), read(offset)),
    };
  },
});
