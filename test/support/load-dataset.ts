import type { Rng } from '../../protocol/method.js';
import { readSpec } from '../../protocol/settings/named-modules.js';
import type { Dataset } from '../../worker/datasets/dataset.js';
import { datasets } from '../../worker/datasets/load.js';
import { sound } from '../../worker/datasets/sound.js';

/** What `loadDataset` of the product gives, at once: of data sets that are read or drawn without waiting. */
export function loadDataset(spec: { readonly name: string; readonly [setting: string]: unknown }, rng: Rng): Dataset {
  const { family, settings } = readSpec(datasets, spec, 'data');
  const dataset = family.load(settings, rng.derive('data set', spec.name));
  if (dataset instanceof Promise) throw new TypeError(`${spec.name}: expected a data set that is loaded at once`);
  return sound(dataset);
}
