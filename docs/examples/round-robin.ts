import { count, definePartition, defineSettings } from 'gradswarm/partition';

/** Runs of `run` examples, in file order, dealt to the clients in turn. */
export default definePartition({
  name: 'round-robin',
  summary: 'Dealt in turn, in file order',
  settings: defineSettings({ run: count(1, 'Examples dealt at once') }),
  split(dataset, clientCount, { run }) {
    const shards = Array.from({ length: clientCount }, () => [] as number[]);
    for (let i = 0; i < dataset.train.count; i++) shards[Math.floor(i / run) % clientCount]!.push(i);
    return {
      shards: shards.map((shard) => Uint32Array.from(shard)),
      dropped: 0,
      definition: `runs of ${run} examples in file order, dealt in turn`,
    };
  },
});
