import { defineSettings } from '../../../protocol/settings/settings.js';
import { ShardList } from '../shard-list.js';
import { definePartition, evenEnds } from './rule.js';

/** Shuffle, then equal pieces (sizes differ by at most one). */
export default definePartition({
  name: 'iid',
  summary: 'Shuffled, equal sizes',
  settings: defineSettings({}),
  split: (dataset, clientCount, _settings, rng) => ({
    shards: ShardList.cut(rng.permutation(dataset.train.count), evenEnds(dataset.train.count, clientCount)),
    dropped: 0,
    definition: 'IID: shuffled, equal sizes',
  }),
});
