import type { Rng } from '../../protocol/method.js';
import { canaries } from './canaries.js';
import { csvTable } from './csv-table.js';
import type { Dataset } from './dataset.js';
import { gaussianClusters } from './gaussian-clusters.js';
import { fashionMnist, idxImages } from './idx-images.js';
import { linearRegressionData } from './linear-regression-data.js';
import type { DatasetLoader } from './loader.js';
import { mnist } from './mnist.js';
import { noData } from './no-data.js';
import { privacyRegression } from './privacy-regression.js';
import { byName, type Settings } from './settings.js';
import { stateOfTheUnion } from './state-of-the-union.js';
import { syntheticScenes } from './synthetic-scenes.js';

/** Every data set by name. Adding one: its file and one line here. */
const LOADERS: Readonly<Record<string, DatasetLoader>> = {
  none: noData,
  'gaussian-clusters': gaussianClusters,
  'linear-regression': linearRegressionData,
  mnist,
  'fashion-mnist': fashionMnist,
  'idx-images': idxImages,
  'csv-table': csvTable,
  'privacy-regression': privacyRegression,
  canaries,
  'state-of-the-union': stateOfTheUnion,
  'synthetic-scenes': syntheticScenes,
};

/** Settings of every data set with their defaults, for checking scenarios. */
export const datasetDefaults: Readonly<Record<string, Settings>> = Object.fromEntries(
  Object.entries(LOADERS).map(([name, { defaults }]) => [name, defaults]),
);

/**
 * The data set a scenario names. `rng`: the run's stream for data; every draw is from streams derived from it, so equal
 * keys give equal data in every process. Errors: ERR_SCENARIO (names, settings), ERR_DATA_MISSING, ERR_DATA_FORMAT.
 */
export function loadDataset(spec: { readonly name: string } & Settings, rng: Rng): Dataset {
  const { name, ...settings } = spec;
  return byName(LOADERS, name, 'data set').load(settings, rng.derive('data set', name));
}
