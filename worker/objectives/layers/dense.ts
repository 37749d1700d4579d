import { count, flag } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { initializer } from './parts/initializers.js';
import { type BuiltLayer, defineLayer } from './parts/layer.js';

export default defineLayer({
  name: 'dense',
  summary: 'the last axis times a matrix, plus a bias: at every position the same',
  settings: defineSettings({
    units: count(null, 'Outputs; null: one a class of the data, or one of a regression'),
    bias: flag(true, 'With a bias'),
    initializer: initializer('glorot-uniform'),
  }),
  build({ units, bias, initializer: initial }, { inputShape, classCount, parameter }) {
    const outputs = units ?? (classCount || 1);
    const weights = parameter('weights', [inputShape.at(-1)!, outputs], initial);
    const offset = bias ? parameter('bias', [outputs], 'zeros') : null;
    const multiplied =
      (relu: boolean): BuiltLayer['forward'] =>
      (input, { operations, read }) =>
        operations.affine(input, read(weights), offset && read(offset), relu);
    return {
      outputShape: [...inputShape.slice(0, -1), outputs],
      forward: multiplied(false),
      rectified: multiplied(true),
    };
  },
});
