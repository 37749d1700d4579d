import { list } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer, layer } from './parts/layer.js';

export default defineLayer({
  name: 'residual',
  summary: 'the sum of what its layers make of the input and of the input (He et al., 2016)',
  settings: defineSettings({
    layers: list(layer(required, 'A layer'), required, 'Layers whose output is added to the input', 1),
    shortcut: list(layer(required, 'A layer'), [], 'Layers that the input passes first, where the shapes differ'),
  }),
  build({ layers, shortcut }, { inputShape, sequence, refuse }) {
    const inner = sequence(layers, inputShape);
    const direct = sequence(shortcut, inputShape, 'shortcut');
    if (inner.outputShape.join() !== direct.outputShape.join())
      refuse(
        `layers and shortcut with outputs of one shape, got [${inner.outputShape.join(', ')}] and [${direct.outputShape.join(', ')}], for`,
      );
    return {
      outputShape: inner.outputShape,
      forward: (input, pass) => pass.operations.add(inner.forward(input, pass), direct.forward(input, pass)),
    };
  },
});
