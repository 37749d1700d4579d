import { count, list } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, sizeOf } from './parts/layer.js';

export default defineLayer({
  name: 'reshape',
  summary: 'the numbers of an example in another shape',
  settings: defineSettings({ shape: list(count(required, 'A length'), required, 'Lengths of the axes', 1) }),
  build({ shape }, { inputShape, refuse }) {
    if (sizeOf(shape) !== sizeOf(inputShape)) refuse(`${sizeOf(shape)} numbers, for the shape [${shape.join(', ')}]`);
    return {
      outputShape: shape,
      forward: (input, { operations }) => operations.reshape(input, [input.shape[0]!, ...shape]),
    };
  },
});
