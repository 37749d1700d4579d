import { atLeastZero, count, list } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineObjective, featureCountOf, requireDataset } from '../request.js';
import { denseFamily } from './dense-objective.js';

/**
 * The next character from the ones before it (after Bengio, Ducharme, Vincent, Jauvin, JMLR 2003, without the shared
 * embedding): an example's features are the codes of the previous characters, its label is the next one's code; the codes
 * enter as one-hot vectors, pass a tanh layer and end in a softmax over the alphabet. Plain loops: a one-hot input costs one
 * row of weights.
 */
export default defineObjective({
  name: 'character-model',
  summary: 'The next character from those before it, in plain loops',
  settings: defineSettings({
    hidden: list(count(required, 'Units'), [64], 'Units of each hidden layer'),
    l2: atLeastZero(0, 'Adds (l2 / 2) |params|^2'),
  }),
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
});
