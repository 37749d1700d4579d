import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer } from './parts/layer.js';

export default defineLayer({
  name: 'last-position',
  summary: 'the last position of a sequence [positions, width], such as what predicts the next character',
  settings: defineSettings({}),
  build(_settings, { inputShape, refuse }) {
    if (inputShape.length < 2) refuse('a sequence [positions, width]');
    return {
      outputShape: inputShape.slice(1),
      forward: (input, { operations }) => operations.entry(input, inputShape[0]! - 1),
    };
  },
});
