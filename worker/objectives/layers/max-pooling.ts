import { count, oneOf } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer } from './parts/layer.js';
import { windowed } from './parts/windows.js';

export default defineLayer({
  name: 'max-pooling',
  summary: 'the largest value of each square window, channel by channel',
  settings: defineSettings({
    size: count(2, 'Side of the windows'),
    stride: count(null, 'Steps from one window to the next; null: its side'),
    padding: oneOf(['same', 'valid'], 'valid', "'same': ceil(side / stride) outputs; 'valid': whole windows alone"),
  }),
  build({ size, stride, padding }, site) {
    const steps = stride ?? size;
    return {
      outputShape: windowed(site, size, steps, padding),
      forward: (input, { operations }) => operations.maxPooling(input, size, steps, padding),
    };
  },
});
