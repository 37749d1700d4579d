import type { Rng } from '../../../protocol/method.js';
import type { Partition } from '../dataset.js';
import { ShardList } from '../shard-list.js';

/** A split in which every client keeps some of its examples for its own evaluation. */
export interface HeldOut {
  /** What is trained on. */
  readonly partition: Partition;
  /** One list of training examples a client, ascending, disjoint from its shard; empty where it has only one. */
  readonly shards: ShardList;
}

/**
 * Takes floor(share * n) of each client's n examples out of its shard, at least one where it has two or more, at random by a stream of
 * its own. `share` in (0, 1). Who is absent, and how many clients there are, changes nothing for a client with the same shard.
 */
export function holdOut(partition: Partition, share: number, rng: Rng): HeldOut {
  const kept: Uint32Array[] = [];
  const shards = partition.shards.map((shard, client) => {
    const count = Math.min(Math.max(1, Math.floor(share * shard.length)), Math.max(0, shard.length - 1));
    const order = rng.derive('held-out', client).permutation(shard.length);
    const take = (places: Uint32Array) => places.map((place) => shard[place]!).sort();
    kept.push(take(order.subarray(count)));
    return take(order.subarray(0, count));
  });
  return {
    partition: {
      ...partition,
      shards: ShardList.from(kept),
      definition: `${partition.definition}; ${share} of each client's examples held out for its evaluation`,
    },
    shards: ShardList.from(shards),
  };
}
