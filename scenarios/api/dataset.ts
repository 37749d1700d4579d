/** Data sets of one's own. */

export { fillNormal, standardNormal } from '../../protocol/numerics/distributions.js';
export { cosineOfTurns, exp, log, sineOfTurns } from '../../protocol/numerics/elementary.js';
export { type Dataset, type Examples, NO_LABELS, NO_TARGETS } from '../../worker/datasets/dataset.js';
export { type DatasetFamily, defineDataset } from '../../worker/datasets/loader.js';
export * from './settings.js';
