import { count, list, oneOf, positive, text } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings, group } from '../../../protocol/settings/settings.js';
import { layer } from '../layers/parts/layer.js';
import { defineObjective } from '../request.js';

const modules = text(required, "A pattern of modules, '*' for anything");

const SOFTMAX_REGRESSION = [
  { name: 'flatten' },
  { name: 'dense', units: null, bias: true, initializer: 'glorot-uniform' },
];

/**
 * A network as a list of layers. A layer's module is its name and place (`dense3`), below those of the layers around it
 * (`residual2/convolution1`). Mean over the batch of softmax cross-entropy, or of (output - target)^2 / 2.
 */
export default defineObjective({
  name: 'layers',
  summary: 'A network as a list of layers, on the device',
  settings: defineSettings({
    layers: list(
      layer(required, 'A layer'),
      SOFTMAX_REGRESSION,
      'From the example to one number a class, or one of a regression',
      1,
    ),
    loss: oneOf(['auto', 'cross-entropy', 'squared-error'], 'auto', "'auto': as the data needs"),
    trainable: list(
      modules,
      null,
      'Modules that are trained; the others stay as they begin and do not travel; null: all, or none beside adapters',
    ),
    lora: group(
      defineSettings({
        modules: list(modules, ['*'], 'Modules whose matrices get an adapter'),
        rank: count(8, 'Columns of A, rows of B'),
        alpha: positive(16, 'Scale of the adapters, divided by their rank'),
      }),
      null,
      'Low-rank adapters on frozen matrices, W + (alpha / rank) A B; they alone travel (Hu et al., 2022); null: none',
    ),
  }),
  async create(settings, request) {
    return (await import('./parts/layers-family.js')).createLayers(settings, request);
  },
});
