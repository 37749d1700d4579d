/** Scenarios and sweeps as data, with helpers for the parts that are tedious to write out. */

export { logNormalDevices, logNormalLinks } from '../../protocol/scenario/device-speeds.js';
export { where } from '../../protocol/scenario/expectation.js';
export { above } from '../../protocol/scenario/expectations/above.js';
export { below } from '../../protocol/scenario/expectations/below.js';
export { between } from '../../protocol/scenario/expectations/between.js';
export { criticalBatch } from '../../protocol/scenario/expectations/critical-batch.js';
export { equalDigests } from '../../protocol/scenario/expectations/equal-digests.js';
export { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
export { finite } from '../../protocol/scenario/expectations/finite.js';
export { monotone } from '../../protocol/scenario/expectations/monotone.js';
export { ratio } from '../../protocol/scenario/expectations/ratio.js';
export { reaches } from '../../protocol/scenario/expectations/reaches.js';
export { roundsToMatch } from '../../protocol/scenario/expectations/rounds-to-match.js';
export { settlesInOrder } from '../../protocol/scenario/expectations/settles-in-order.js';
export { slope } from '../../protocol/scenario/expectations/slope.js';
export * from '../../protocol/scenario/scenario.js';
/** Faults: `faults: [faults.during(5, 10, faults.drop({ probability: 0.1 }))]`. */
export * as faults from './parts/faults.js';
