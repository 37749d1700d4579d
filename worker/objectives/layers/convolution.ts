import { count, flag, oneOf } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { initializer } from './parts/initializers.js';
import { type BuiltLayer, defineLayer } from './parts/layer.js';
import { windowed } from './parts/windows.js';

export default defineLayer({
  name: 'convolution',
  summary: 'square kernels over images [height, width, channels], plus a bias',
  settings: defineSettings({
    filters: count(required, 'Channels of the output'),
    kernelSize: count(3, 'Side of the kernels'),
    stride: count(1, 'Steps from one place of a kernel to the next'),
    padding: oneOf(['same', 'valid'], 'same', "'same': zeros around, ceil(side / stride) outputs; 'valid': none"),
    bias: flag(true, 'With a bias'),
    initializer: initializer('he-uniform'),
  }),
  build({ filters, kernelSize, stride, padding, bias, initializer: initial }, site) {
    const [height, width, channels] = windowed(site, kernelSize, stride, padding);
    const kernels = site.parameter('weights', [kernelSize, kernelSize, channels, filters], initial);
    const offset = bias ? site.parameter('bias', [filters], 'zeros') : null;
    const convolved =
      (relu: boolean): BuiltLayer['forward'] =>
      (input, { operations, read }) =>
        operations.convolution(input, read(kernels), offset && read(offset), stride, padding, relu);
    return { outputShape: [height, width, filters], forward: convolved(false), rectified: convolved(true) };
  },
});
