/** A function for each fault, and the rounds in which it acts. */

export { availability, bernoulliAvailability } from '../../../protocol/faults/availability.js';
export { availabilityTrace } from '../../../protocol/faults/availability-trace.js';
export { bandwidthTrace } from '../../../protocol/faults/bandwidth-trace.js';
export { broadcastNoise } from '../../../protocol/faults/broadcast-noise.js';
export { burstLoss } from '../../../protocol/faults/burst-loss.js';
export { byzantine } from '../../../protocol/faults/byzantine.js';
export { channelNoise } from '../../../protocol/faults/channel-noise.js';
export { conceptDrift } from '../../../protocol/faults/concept-drift.js';
export { corrupt } from '../../../protocol/faults/corrupt.js';
export { crash } from '../../../protocol/faults/crash.js';
export { delay } from '../../../protocol/faults/delay.js';
export { diurnalAvailability } from '../../../protocol/faults/diurnal-availability.js';
export { drop } from '../../../protocol/faults/drop.js';
export { duplicate } from '../../../protocol/faults/duplicate.js';
export { always, at, during, type Fault } from '../../../protocol/faults/fault.js';
export { featureSkew } from '../../../protocol/faults/feature-skew.js';
export { featureWalk } from '../../../protocol/faults/feature-walk.js';
export { gradientNoise } from '../../../protocol/faults/gradient-noise.js';
export { labelAvailability } from '../../../protocol/faults/label-availability.js';
export { labelFlip } from '../../../protocol/faults/label-flip.js';
export { labelNoise } from '../../../protocol/faults/label-noise.js';
export { partition } from '../../../protocol/faults/partition.js';
export { probabilisticQuantiser } from '../../../protocol/faults/probabilistic-quantiser.js';
export { scale } from '../../../protocol/faults/scale.js';
export { slow } from '../../../protocol/faults/slow.js';
export { speedTrace } from '../../../protocol/faults/speed-trace.js';
export { symmetricDrop } from '../../../protocol/faults/symmetric-drop.js';
