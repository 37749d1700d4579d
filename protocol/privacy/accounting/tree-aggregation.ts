/**
 * Prefix sums under differential privacy by a binary tree of noisy partial sums, as in DP-FTRL: Kairouz, McMahan, Song,
 * Thakkar, Thakurta, Xu, "Practical and Private (Deep) Learning without Sampling or Shuffling", ICML 2021.
 *
 * Leaf t is the clipped sum of step t. Every node carries independent noise of stddev z C; prefix t is released as the sum
 * of the noisy nodes in the binary decomposition of t, with popcount(t) noises in it. One record, in one leaf, touches one
 * node a level.
 */
import { checkCount } from './ranges.js';

/** Nodes that one record touches over `steps` steps: ceil(log2(steps + 1)). */
export function treeDepth(steps: number): number {
  checkCount('tree aggregation: steps', steps);
  let depth = 0;
  while (2 ** depth < steps + 1) depth++;
  return depth;
}

/** Plain data: what one party must keep between steps. O(log t) vectors. */
export interface NoiseTreeState {
  /** Leaves so far. */
  readonly steps: number;
  /** Noise of the open node at each level (2^level leaves); null where the level's bit of `steps` is 0. */
  readonly levels: readonly (Float64Array | null)[];
}

export const EMPTY_NOISE_TREE: NoiseTreeState = { steps: 0, levels: [] };

/**
 * The tree with one more leaf. `draw` gives the noise of a new node, once a step: independent normals of stddev z C, keyed
 * by (level, first leaf) where the source is seeded. Nodes below it are closed and forgotten.
 */
export function growNoiseTree(
  tree: NoiseTreeState,
  draw: (node: { readonly level: number; readonly firstLeaf: number }) => Float64Array,
): NoiseTreeState {
  const levels = [...tree.levels];
  let level = 0;
  // The new leaf completes a node at the lowest level whose bit is 0: counting up carries the same way.
  while (levels[level]) levels[level++] = null;
  levels[level] = draw({ level, firstLeaf: tree.steps + 1 - 2 ** level });
  return { steps: tree.steps + 1, levels };
}

/** The noise of the current prefix sum: over the nodes that make up `steps`, in order of level. */
export function prefixNoise(tree: NoiseTreeState, length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const noise of tree.levels) {
    if (!noise) continue;
    for (let i = 0; i < length; i++) sum[i] = sum[i]! + noise[i]!;
  }
  return sum;
}
