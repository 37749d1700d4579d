import { featureCountOf, type ObjectiveDefinition, requireDataset, wrongIfNegative, wrongSizes } from '../request.js';
import { denseFamily } from './dense-objective.js';

/**
 * The next character from the ones before it (after Bengio, Ducharme, Vincent, Jauvin, JMLR 2003, without the shared
 * embedding): an example's features are the codes of the previous characters, its label is the next one's code; the codes
 * enter as one-hot vectors, pass a tanh layer and end in a softmax over the alphabet. Plain loops: a one-hot input costs one
 * row of weights.
 */
export const characterModel: ObjectiveDefinition<{ hidden: number[]; l2: number }> = {
  defaults: { hidden: [64], l2: 0 },
  check: ({ hidden, l2 }) => wrongSizes('hidden', hidden) ?? wrongIfNegative('l2', l2),
  create({ hidden, l2 }, request) {
    const dataset = requireDataset(request, 'classification');
    const shape = {
      features: featureCountOf(dataset),
      vocabulary: dataset.classCount,
      hidden,
      outputs: dataset.classCount,
      activation: 'tanh',
      output: 'softmax',
      bias: true,
    } as const;
    return denseFamily('character-model', shape, l2, dataset, request.precision);
  },
};
