import type { Rng } from '../../../protocol/method.js';
import type { Dataset, Partition } from '../dataset.js';
import { byName, checkInteger, type Settings } from '../settings.js';
import { byGroup } from './by-group.js';
import { classLists } from './class-lists.js';
import { dirichlet } from './dirichlet.js';
import { iid } from './iid.js';
import { labelCount } from './label-count.js';
import { quantitySkew } from './quantity-skew.js';
import { type PartitionRule, refused } from './rule.js';
import { shards } from './shards.js';
import { similarity } from './similarity.js';

/** Every partition by name. Adding one: its file and one line here. */
const RULES: Readonly<Record<string, PartitionRule>> = {
  iid,
  dirichlet,
  shards,
  'label-count': labelCount,
  'class-lists': classLists,
  'quantity-skew': quantitySkew,
  similarity,
  'by-group': byGroup,
};

/** Settings of every partition with their defaults, for checking scenarios. */
export const partitionDefaults: Readonly<Record<string, Settings>> = Object.fromEntries(
  Object.entries(RULES).map(([name, { defaults }]) => [name, defaults]),
);

/**
 * Splits the training examples among `clientCount` clients. A function of the data, the settings and the stream's key
 * alone, so every process finds the same split. Each shard is ascending. Only 'dirichlet' with definition 'per-class' and
 * 'quantity-skew' with minExamples 0 may leave a client empty. Errors: ERR_SCENARIO (names, settings), ERR_PARTITION.
 */
export function partitionDataset(
  dataset: Dataset,
  clientCount: number,
  spec: { readonly name: string } & Settings,
  rng: Rng,
): Partition {
  const { name, ...settings } = spec;
  checkInteger(`partition '${name}'`, 'clients', clientCount, 1);
  const rule = byName(RULES, name, 'partition');
  if (dataset.train.count === 0)
    return {
      shards: Array.from({ length: clientCount }, () => new Uint32Array(0)),
      dropped: 0,
      definition: 'no data',
    };
  const result = rule.split(dataset, clientCount, settings, rng.derive('partition', name));
  const empty = result.mayBeEmpty ? -1 : result.shards.findIndex((shard) => shard.length === 0);
  if (empty >= 0)
    throw refused(
      name,
      `client ${empty} of ${clientCount} would have none of the ${dataset.train.count} examples; use fewer clients or another partition`,
    );
  return {
    // In place: a rule's pieces are its own, and of a million of them a copy is felt.
    shards: result.shards.map((shard) => shard.sort()),
    dropped: result.dropped,
    definition: result.definition,
  };
}
