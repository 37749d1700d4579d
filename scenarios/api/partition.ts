/** Partitions of one's own: which client owns which training example. */

export type { Dataset, Partition } from '../../worker/datasets/dataset.js';
export {
  concatenated,
  definePartition,
  evenPieces,
  examplesByClass,
  type PartitionFamily,
  type RuleResult,
  shuffled,
  sortedByLabel,
} from '../../worker/datasets/partition/rule.js';
export { ShardList } from '../../worker/datasets/shard-list.js';
export * from './settings.js';
