import { defineSettings } from '../../../protocol/settings/settings.js';
import type { Dataset } from '../dataset.js';
import { ShardList } from '../shard-list.js';
import { concatenated, definePartition, evenPieces, refused, shuffled } from './rule.js';

/** Training example indices of each group that has any, in group order. */
function examplesByGroup(dataset: Dataset): ShardList {
  const { groups } = dataset;
  if (!groups)
    throw refused('by-group', `expected natural groups, data set '${dataset.name}' has none; use another partition`);
  const groupCount = groups.reduce((most, group) => Math.max(most, group + 1), 0);
  const ends = new Uint32Array(groupCount);
  for (const group of groups) ends[group]!++;
  for (let g = 1; g < groupCount; g++) ends[g] = ends[g]! + ends[g - 1]!;
  const members = new Uint32Array(groups.length);
  const next = Uint32Array.from(ends, (_, g) => (g === 0 ? 0 : ends[g - 1]!));
  for (const [i, group] of groups.entries()) members[next[group]!++] = i;
  const withMembers = ends.filter((end, g) => end > (g === 0 ? 0 : ends[g - 1]!));
  return ShardList.cut(members, withMembers);
}

/** Largest group first, each to the client with the fewest examples so far (lowest index on ties). */
function merge(groups: ShardList, clientCount: number): Uint32Array[] {
  const order = groups.map((_, g) => g).sort((a, b) => groups.sizeAt(b) - groups.sizeAt(a) || a - b);
  const owned: Uint32Array[][] = Array.from({ length: clientCount }, () => []);
  const sizes = new Float64Array(clientCount);
  for (const g of order) {
    let least = 0;
    for (let j = 1; j < clientCount; j++) if (sizes[j]! < sizes[least]!) least = j;
    owned[least]!.push(groups.at(g));
    sizes[least] = sizes[least]! + groups.sizeAt(g);
  }
  return owned.map(concatenated);
}

/** Clients a group: one each, then one more to the group with the most examples a client, until all are given. */
function clientsPerGroup(groups: ShardList, clientCount: number): number[] {
  const parts = groups.map(() => 1);
  for (let given = groups.length; given < clientCount; given++) {
    let most = 0;
    for (let g = 1; g < groups.length; g++)
      if (groups.sizeAt(g) * parts[most]! > groups.sizeAt(most) * parts[g]!) most = g;
    parts[most] = parts[most]! + 1;
  }
  return parts;
}

/**
 * Natural owners as clients. As many clients as groups: client i is the i-th group. Fewer: groups are merged, the largest
 * first to the client that has least. More: the groups with the most examples a client are split, at random, into equal
 * parts, which are neighbouring clients.
 */
export default definePartition({
  name: 'by-group',
  summary: 'Natural owners, merged or split where there are more or fewer of them than clients',
  settings: defineSettings({}),
  split: (dataset, clientCount, _settings, rng) => {
    const groups = examplesByGroup(dataset);
    const result = (shards: Uint32Array[] | ShardList, how: string) => ({
      shards,
      dropped: 0,
      definition: `by group: ${groups.length} natural groups on ${clientCount} clients, ${how}`,
    });
    if (clientCount === groups.length) return result(groups, 'one each');
    if (clientCount < groups.length)
      return result(merge(groups, clientCount), 'merged, largest first to the client with least');
    const parts = clientsPerGroup(groups, clientCount);
    const pieces = groups.map((group, g) =>
      parts[g] === 1 ? [group] : evenPieces(shuffled(group, rng.derive('group', g)), parts[g]!),
    );
    return result(pieces.flat(), 'the largest split at random into equal parts');
  },
});
