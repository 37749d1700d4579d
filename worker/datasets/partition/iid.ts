import { evenPieces, partitionRule } from './rule.js';

/** Shuffle, then equal pieces (sizes differ by at most one). */
export const iid = partitionRule('iid', {}, (dataset, clientCount, _settings, rng) => ({
  shards: evenPieces(rng.permutation(dataset.train.count), clientCount),
  dropped: 0,
  definition: 'IID: shuffled, equal sizes',
}));
