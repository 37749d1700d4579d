import { count, flag } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { initializer } from './parts/initializers.js';
import { defineLayer } from './parts/layer.js';
import type { Value } from './parts/operations.js';

/** Large enough that its exponential is 0 in float32. */
const MASKED = -1e9;

/** softmax(Q K' / sqrt(d)) V for each head, heads side by side, times an output matrix. */
export default defineLayer({
  name: 'attention',
  summary: 'multi-head self-attention of a sequence [positions, width] (Vaswani et al., 2017)',
  settings: defineSettings({
    heads: count(4, 'Heads, which divide the width'),
    causal: flag(false, 'A position sees itself and those before it alone'),
    bias: flag(true, 'With a bias in each of the four matrices'),
    initializer: initializer('glorot-uniform'),
  }),
  build({ heads, causal, bias, initializer: initial }, { inputShape, parameter, refuse }) {
    const [positions = 0, width = 0] = inputShape;
    if (inputShape.length !== 2) refuse('a sequence [positions, width]');
    if (width % heads !== 0) refuse(`a width that ${heads} heads divide`);
    const each = width / heads;
    const matrix = (name: string) => ({
      weights: parameter(`${name}-weights`, [width, width], initial),
      offset: bias ? parameter(`${name}-bias`, [width], 'zeros') : null,
    });
    const [query, key, value, output] = ['query', 'key', 'value', 'output'].map(matrix);
    const future = new Float32Array(positions * positions);
    for (let row = 0; row < positions; row++) future.fill(MASKED, row * positions + row + 1, (row + 1) * positions);
    return {
      outputShape: inputShape,
      forward(input, { operations, read }) {
        const batch = input.shape[0]!;
        const project = (x: Value, { weights, offset }: ReturnType<typeof matrix>) =>
          operations.affine(x, read(weights), offset && read(offset));
        const split = (x: Value) =>
          operations.reshape(
            operations.transpose(operations.reshape(x, [batch, positions, heads, each]), [0, 2, 1, 3]),
            [batch * heads, positions, each],
          );
        const [q, k, v] = [query!, key!, value!].map((one) => split(project(input, one))) as [Value, Value, Value];
        const scores = operations.scale(operations.matMul(q, k, true), 1 / Math.sqrt(each));
        const seen = causal ? operations.add(scores, operations.constant(future, [1, positions, positions])) : scores;
        const mixed = operations.matMul(operations.softmax(seen), v);
        const joined = operations.reshape(
          operations.transpose(operations.reshape(mixed, [batch, heads, positions, each]), [0, 2, 1, 3]),
          [batch, positions, width],
        );
        return project(joined, output!);
      },
    };
  },
});
