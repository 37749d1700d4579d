import type { Rng } from '../../protocol/method.js';
import { NamedModules, readSpec } from '../../protocol/settings/named-modules.js';
import type { Dataset } from './dataset.js';
import type { DatasetFamily } from './loader.js';
import { sound } from './sound.js';

/** The data sets that are loaded: the default exports of this folder. */
// biome-ignore lint/suspicious/noExplicitAny: every data set has its own type of settings.
export const datasets = new NamedModules<DatasetFamily<any>>('dataset', 'a data set', [new URL('./', import.meta.url)]);

/**
 * The data set a scenario names, whose file was loaded before. `rng`: the run's stream for data; every draw is from streams
 * derived from it, so equal keys give equal data in every process. Errors: ERR_SCENARIO (names, settings), ERR_DATA_MISSING,
 * ERR_DATA_FORMAT.
 */
export async function loadDataset(
  spec: { readonly name: string; readonly [setting: string]: unknown },
  rng: Rng,
): Promise<Dataset> {
  const { family, settings } = readSpec(datasets, spec, 'data');
  return sound(await family.load(settings, rng.derive('data set', spec.name)));
}
