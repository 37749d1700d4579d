import type { Rng } from '../../protocol/method.js';
import type { Dataset } from './dataset.js';
import { completeSettings, type Settings } from './settings.js';

/** How one named data set is made: its settings with their defaults, and the function that reads or draws it. */
export interface DatasetLoader {
  readonly defaults: Settings;
  load(given: Settings, rng: Rng): Dataset;
}

/** `load` sees completed settings of the defaults' types; it checks their ranges. */
export function datasetLoader<S extends Settings>(
  name: string,
  defaults: S,
  load: (settings: S, rng: Rng) => Dataset,
): DatasetLoader {
  return { defaults, load: (given, rng) => load(completeSettings(`data set '${name}'`, defaults, given), rng) };
}
