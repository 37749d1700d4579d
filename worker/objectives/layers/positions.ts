import { defineSettings } from '../../../protocol/settings/settings.js';
import { initializer } from './parts/initializers.js';
import { defineLayer } from './parts/layer.js';

export default defineLayer({
  name: 'positions',
  summary: 'adds a learned vector to each position of a sequence [positions, width]',
  settings: defineSettings({ initializer: initializer('normal') }),
  build({ initializer: initial }, { inputShape, parameter, refuse }) {
    if (inputShape.length !== 2) refuse('a sequence [positions, width]');
    const table = parameter('table', inputShape, initial);
    return {
      outputShape: inputShape,
      forward: (input, { operations, read }) => operations.add(input, read(table)),
    };
  },
});
