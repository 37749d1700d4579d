import { checkRange } from '../settings.js';
import { concatenated, evenPieces, partitionRule, sortedByLabel } from './rule.js';

/**
 * gamma-similarity (ByzFL): a share `similarity` of the examples, drawn at random, is dealt IID; the rest is sorted by
 * label and dealt in consecutive blocks. 1 is IID, 0 the extreme.
 */
export const similarity = partitionRule(
  'similarity',
  { similarity: 0.5 },
  (dataset, clientCount, { similarity: gamma }, rng) => {
    checkRange(`partition 'similarity'`, 'similarity', gamma, 0, 1);
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
);
