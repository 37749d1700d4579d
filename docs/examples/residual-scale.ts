import { defineLayer, defineSettings, number } from 'gradswarm/objective';

/** For `gradswarm check`: the input is a vector for each example. */
export const contract = { settings: { initial: 0.5 } };

/** Every entry of the input times a learned factor (LayerScale: Touvron et al., "Going Deeper with Image Transformers", 2021; reconstructed, not checked against the paper). */
export default defineLayer({
  name: 'residual-scale',
  summary: 'each entry of the last axis times a learned factor',
  settings: defineSettings({ initial: number(0.1, 'Of every factor') }),
  build({ initial }, { inputShape, parameter }) {
    // Learned as the difference from `initial`, so that one initialiser serves every value.
    const difference = parameter('difference', [inputShape.at(-1)!], 'zeros');
    return {
      outputShape: inputShape,
      forward: (input, { operations, read }) =>
        operations.add(operations.scale(input, initial), operations.multiply(input, read(difference))),
    };
  },
});
