import { count } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { concatenated, definePartition, refused, sortedByLabel } from './rule.js';

/**
 * The pathological split (McMahan et al., 2017): sort by label, cut into clients * shardsPerClient equal shards, deal
 * shardsPerClient to each client at random. What does not fill a shard is dropped, from the end of the last class.
 */
export default definePartition({
  name: 'shards',
  summary: 'Sorted by label, cut into shards, dealt at random',
  settings: defineSettings({ shardsPerClient: count(2, 'Shards of a client') }),
  split: (dataset, clientCount, { shardsPerClient }, rng) => {
    const sorted = sortedByLabel('shards', dataset);
    const shardCount = clientCount * shardsPerClient;
    const shardSize = Math.floor(sorted.length / shardCount);
    if (shardSize === 0) throw refused('shards', `${sorted.length} examples cannot fill ${shardCount} shards`);
    const order = rng.permutation(shardCount);
    return {
      shards: Array.from({ length: clientCount }, (_, j) =>
        concatenated(
          Array.from(order.subarray(j * shardsPerClient, (j + 1) * shardsPerClient), (s) =>
            sorted.subarray(s * shardSize, (s + 1) * shardSize),
          ),
        ),
      ),
      dropped: sorted.length - shardCount * shardSize,
      definition: `shards: sorted by label, ${shardCount} shards of ${shardSize}, ${shardsPerClient} a client at random`,
    };
  },
});
