import { number } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer } from './parts/layer.js';

/** Masks are keyed by the run, the layer, the example and the parameters: the same in every placement, new at every step. */
export default defineLayer({
  name: 'dropout',
  summary:
    'in training: zeros at random, the rest scaled to the same mean (Srivastava et al., 2014); evaluation drops nothing',
  settings: defineSettings({ rate: number(0.5, 'Probability of a zero', { least: 0, below: 1 }) }),
  build: ({ rate }, { inputShape }) => ({
    outputShape: inputShape,
    forward(input, { operations, mask }) {
      const kept = rate === 0 ? null : mask(inputShape, rate);
      return kept ? operations.multiply(input, kept) : input;
    },
  }),
});
