import { count, list, oneOf } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineObjective } from '../request.js';
import { TENSOR_ACTIVATIONS } from './parts/neural-network-settings.js';

/** Convolutional network of LeNet's size (LeCun, Bottou, Bengio, Haffner, 1998) for square images of side 8 or more. */
export default defineObjective({
  name: 'lenet',
  summary: 'Convolutional network for square images, on the device',
  settings: defineSettings({
    filters: list(
      count(required, 'Channels'),
      [6, 16],
      'Channels of each convolution, which is followed by the activation and 2x2 max pooling',
    ),
    kernelSize: count(5, "Side of the square kernels; zero padding keeps the image's size"),
    dense: list(count(required, 'Units'), [120, 84], 'Widths of the dense layers before the output'),
    activation: oneOf(TENSOR_ACTIVATIONS, 'relu', 'Of hidden units'),
  }),
  async create(settings, request) {
    return (await import('./parts/neural-network.js')).createConvolutionalNetwork(settings, request);
  },
});
