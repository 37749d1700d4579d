import { count, positive } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, sizeOf } from './parts/layer.js';

export default defineLayer({
  name: 'group-normalization',
  summary:
    'mean 0 and variance 1 over all places and the channels of a group, then a scale and an offset for each channel (Wu, He, 2018)',
  settings: defineSettings({
    groups: count(8, 'Groups, which divide the channels'),
    epsilon: positive(1e-5, 'Added to the variance'),
  }),
  build({ groups, epsilon }, { inputShape, parameter, refuse }) {
    const channels = inputShape.at(-1)!;
    if (channels % groups !== 0) refuse(`channels that ${groups} groups divide`);
    const places = sizeOf(inputShape.slice(0, -1));
    const inGroup = channels / groups;
    const scale = parameter('scale', [channels], 'ones');
    const offset = parameter('offset', [channels], 'zeros');
    return {
      outputShape: inputShape,
      forward(input, { operations, read }) {
        const batch = input.shape[0]!;
        const apart = operations.transpose(operations.reshape(input, [batch, places, groups, inGroup]), [0, 2, 1, 3]);
        const even = operations.normalize(operations.reshape(apart, [batch * groups, places * inGroup]), epsilon);
        const together = operations.transpose(operations.reshape(even, [batch, groups, places, inGroup]), [0, 2, 1, 3]);
        const shaped = operations.reshape(together, [batch, ...inputShape]);
        return operations.add(operations.multiply(shaped, read(scale)), read(offset));
      },
    };
  },
});
