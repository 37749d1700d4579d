import type { Rng } from '../../protocol/method.js';
import { integer, positive } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_LABELS } from './dataset.js';
import { defineDataset } from './loader.js';

/** Whole numbers up to here are float32 numbers. */
const MOST_CANARIES = 2 ** 24;

/** Which canaries are in the training examples: a fair coin each, from a stream that no training method sees. */
function canaryCoins(rng: Rng, canaries: number): boolean[] {
  const coins = rng.derive('coins');
  return Array.from({ length: canaries }, () => coins.below(2) === 1);
}

function unitVectors(axes: readonly number[], target: number): Examples {
  return {
    count: axes.length,
    features: Float32Array.from(axes),
    labels: NO_LABELS,
    targets: new Float64Array(axes.length).fill(target),
  };
}

/**
 * Examples for auditing: canary j is the j-th unit vector with a target far beyond reach, so that its clipped gradient in a
 * linear model without bias is the clipping radius times that vector and no other's touches the same coordinate. Each canary is
 * included by a fair coin. A vector is kept as its code j, so that many canaries take little memory. The held-out examples are the
 * first few canaries, included or not.
 */
const canaries = defineDataset({
  name: 'canaries',
  summary: 'Unit vectors, each included by a fair coin: for a privacy audit',
  settings: defineSettings({
    canaries: integer(1_000, 'Vectors, of which about half are included', { least: 2, most: MOST_CANARIES }),
    target: positive(1e6, 'Target of each'),
  }),
  load: (settings, rng): Dataset => {
    const coins = canaryCoins(rng, settings.canaries);
    const included = coins.flatMap((isIn, j) => (isIn ? [j] : []));
    return {
      name: 'canaries',
      source: `${settings.canaries} unit vectors, each included by a fair coin`,
      featureShape: [1],
      vocabulary: settings.canaries,
      classCount: 0,
      train: unitVectors(included, settings.target),
      test: unitVectors([0, 1, 2, 3].slice(0, settings.canaries), settings.target),
    };
  },
});

export default canaries;
