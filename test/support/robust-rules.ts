import type { Aggregator, AggregatorFamily, PreAggregator } from '../../protocol/aggregators/aggregator.js';
import bucketingFamily from '../../protocol/aggregators/bucketing.js';
import bulyanFamily from '../../protocol/aggregators/bulyan.js';
import centeredClippingFamily from '../../protocol/aggregators/centered-clipping.js';
import clippedGossipFamily from '../../protocol/aggregators/clipped-gossip.js';
import covarianceFilterFamily from '../../protocol/aggregators/covariance-filter.js';
import geometricMedianFamily from '../../protocol/aggregators/geometric-median.js';
import krumFamily from '../../protocol/aggregators/krum.js';
import meamedFamily from '../../protocol/aggregators/meamed.js';
import medianFamily from '../../protocol/aggregators/median.js';
import minimumDiameterFamily from '../../protocol/aggregators/minimum-diameter.js';
import multiKrumFamily from '../../protocol/aggregators/multi-krum.js';
import nearestNeighborMixingFamily from '../../protocol/aggregators/nearest-neighbor-mixing.js';
import normBoundingFamily from '../../protocol/aggregators/norm-bounding.js';
import trimmedMeanFamily from '../../protocol/aggregators/trimmed-mean.js';
import adaptiveFamily from '../../protocol/attacks/adaptive.js';
import type { Attack, AttackFamily } from '../../protocol/attacks/attack.js';
import gaussianFamily from '../../protocol/attacks/gaussian.js';
import innerProductFamily from '../../protocol/attacks/inner-product.js';
import littleIsEnoughFamily from '../../protocol/attacks/little-is-enough.js';
import mimicFamily from '../../protocol/attacks/mimic.js';
import replayFamily from '../../protocol/attacks/replay.js';
import scalingFamily from '../../protocol/attacks/scaling.js';
import signFlipFamily from '../../protocol/attacks/sign-flip.js';

/** Robust sums and attacks made from settings as a scenario gives them; what is left out has its default. */

type Given = Readonly<Record<string, unknown>>;

function aggregator<S extends object>(family: AggregatorFamily<S>): (given?: Given) => Aggregator {
  return (given = {}) => family.create(family.settings.parse(family.name, given)) as Aggregator;
}

function preAggregator<S extends object>(family: AggregatorFamily<S>): (given?: Given) => PreAggregator {
  return (given = {}) => family.create(family.settings.parse(family.name, given)) as PreAggregator;
}

function attack<S extends object>(family: AttackFamily<S>): (given?: Given) => Attack {
  return (given = {}) => family.create(family.settings.parse(family.name, given));
}

export const bucketing = preAggregator(bucketingFamily);
export const bulyan = aggregator(bulyanFamily);
export const centeredClipping = aggregator(centeredClippingFamily);
export const clippedGossip = preAggregator(clippedGossipFamily);
export const covarianceFilter = aggregator(covarianceFilterFamily);
export const geometricMedian = aggregator(geometricMedianFamily);
export const krum = aggregator(krumFamily);
export const meamed = aggregator(meamedFamily);
export const median = aggregator(medianFamily);
export const minimumDiameter = aggregator(minimumDiameterFamily);
export const multiKrum = aggregator(multiKrumFamily);
export const nearestNeighborMixing = preAggregator(nearestNeighborMixingFamily);
export const normBounding = preAggregator(normBoundingFamily);
export const trimmedMean = aggregator(trimmedMeanFamily);
export const adaptive = attack(adaptiveFamily);
export const gaussian = attack(gaussianFamily);
export const innerProduct = attack(innerProductFamily);
export const littleIsEnough = attack(littleIsEnoughFamily);
export const mimic = attack(mimicFamily);
export const replay = attack(replayFamily);
export const scaling = attack(scalingFamily);
export const signFlip = attack(signFlipFamily);
