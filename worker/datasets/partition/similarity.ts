import { probability } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { concatenated, definePartition, evenPieces, sortedByLabel } from './rule.js';

/**
 * gamma-similarity (ByzFL): a share `similarity` of the examples, drawn at random, is dealt IID; the rest is sorted by
 * label and dealt in consecutive blocks. 1 is IID, 0 the extreme.
 */
export default definePartition({
  name: 'similarity',
  summary: 'A share at random, the rest by label in blocks',
  settings: defineSettings({ similarity: probability(0.5, 'Share of the examples that is dealt at random') }),
  split: (dataset, clientCount, { similarity: gamma }, rng) => {
    const sorted = sortedByLabel('similarity', dataset);
    const dealt = rng.permutation(sorted.length).subarray(0, Math.floor(gamma * sorted.length + 0.5));
    const isDealt = new Uint8Array(sorted.length);
    for (const i of dealt) isDealt[i] = 1;
    const common = evenPieces(dealt, clientCount);
    const blocks = evenPieces(
      sorted.filter((i) => isDealt[i] === 0),
      clientCount,
    );
    return {
      shards: common.map((piece, j) => concatenated([piece, blocks[j]!])),
      dropped: 0,
      definition: `similarity: ${gamma} of the examples IID, the rest by label in blocks`,
    };
  },
});
