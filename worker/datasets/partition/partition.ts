import { GradswarmError } from '../../../protocol/errors.js';
import type { Rng } from '../../../protocol/method.js';
import { NamedModules, readSpec } from '../../../protocol/settings/named-modules.js';
import type { Dataset, Partition } from '../dataset.js';
import { ShardList } from '../shard-list.js';
import { type PartitionFamily, refused, requireWhole } from './rule.js';

/** The partitions that are loaded: the default exports of this folder. */
// biome-ignore lint/suspicious/noExplicitAny: every partition has its own type of settings.
export const partitions = new NamedModules<PartitionFamily<any>>('partition', 'a partition', [
  new URL('./', import.meta.url),
]);

/**
 * Splits the training examples among `clientCount` clients by a rule whose file was loaded before. A function of the data, the settings and the stream's key
 * alone, so every process finds the same split. Each shard is ascending. Only 'dirichlet' with definition 'per-class' and
 * 'quantity-skew' with minExamples 0 may leave a client empty. Errors: ERR_SCENARIO (names, settings), ERR_PARTITION.
 */
export function partitionDataset(
  dataset: Dataset,
  clientCount: number,
  spec: { readonly name: string; readonly [setting: string]: unknown },
  rng: Rng,
): Partition {
  const { name } = spec;
  if (!(Number.isInteger(clientCount) && clientCount >= 1))
    throw new GradswarmError('ERR_SCENARIO', `clients: expected an integer of at least 1, got ${clientCount}`);
  const { family, settings } = readSpec(partitions, spec, 'data.partition');
  if (dataset.train.count === 0)
    return {
      shards: ShardList.empty(clientCount),
      dropped: 0,
      definition: 'no data',
    };
  const result = family.split(dataset, clientCount, settings, rng.derive('partition', name));
  requireWhole(name, result.shards, clientCount, dataset.train.count);
  const shards = result.shards instanceof ShardList ? result.shards : ShardList.from(result.shards);
  let empty = 0;
  while (empty < clientCount && (result.mayBeEmpty || shards.sizeAt(empty) > 0)) empty++;
  if (empty < clientCount)
    throw refused(
      name,
      `client ${empty} of ${clientCount} would have none of the ${dataset.train.count} examples; use fewer clients or another partition`,
    );
  for (const shard of shards) shard.sort();
  return {
    shards,
    dropped: result.dropped,
    definition: result.definition,
  };
}
