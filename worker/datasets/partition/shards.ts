import { checkInteger } from '../settings.js';
import { concatenated, partitionRule, refused, sortedByLabel } from './rule.js';

/**
 * The pathological split (McMahan et al., 2017): sort by label, cut into clients * shardsPerClient equal shards, deal
 * shardsPerClient to each client at random. What does not fill a shard is dropped, from the end of the last class.
 */
export const shards = partitionRule(
  'shards',
  { shardsPerClient: 2 },
  (dataset, clientCount, { shardsPerClient }, rng) => {
    checkInteger(`partition 'shards'`, 'shardsPerClient', shardsPerClient, 1);
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
);
