/** Data sets of one's own. */

export { fillNormal, standardNormal } from '../../protocol/numerics/distributions.js';
export { cosineOfTurns, exp, log, sineOfTurns } from '../../protocol/numerics/elementary.js';
export { type Dataset, type Examples, NO_LABELS, NO_TARGETS, type StoredRows } from '../../worker/datasets/dataset.js';
export { type FileLength, FileRows } from '../../worker/datasets/files/file-rows.js';
export { memoryMiB, RowMemory } from '../../worker/datasets/files/row-memory.js';
export { type DatasetFamily, defineDataset } from '../../worker/datasets/loader.js';
export { rowOf, storedExamples } from '../../worker/datasets/stored-rows.js';
export * from './settings.js';
