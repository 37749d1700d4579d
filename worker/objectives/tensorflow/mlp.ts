import { count, list, oneOf } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineObjective } from '../request.js';
import { TENSOR_ACTIVATIONS } from './parts/neural-network-settings.js';

/** Multilayer perceptron on the device, float32: cross-entropy for classes, (output - target)^2 / 2 for targets. */
export default defineObjective({
  name: 'mlp',
  summary: 'Multilayer perceptron, on the device',
  settings: defineSettings({
    hidden: list(count(required, 'Units'), [64], 'Units of each hidden layer'),
    activation: oneOf(TENSOR_ACTIVATIONS, 'relu', 'Of hidden units'),
  }),
  async create(settings, request) {
    return (await import('./parts/neural-network.js')).createMultilayerPerceptron(settings, request);
  },
});
