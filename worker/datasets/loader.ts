import type { Rng } from '../../protocol/method.js';
import { extension } from '../../protocol/settings/extension.js';
import type { Settings } from '../../protocol/settings/settings.js';
import type { Dataset } from './dataset.js';

/** The default export of every file of this folder that is a data set; the file name is the data set's name. */
export interface DatasetFamily<S extends object = object> {
  readonly name: string;
  /** What it is, in a line. */
  readonly summary: string;
  readonly settings: Settings<S>;
  /** Reads or draws it, at once or later. Throws ERR_DATA_MISSING, ERR_DATA_FORMAT, and ERR_SCENARIO for settings that do not fit the data. */
  load(settings: S, rng: Rng): Dataset | Promise<Dataset>;
}

/** A data set that scenarios can name. The same value, marked as a data set. */
export function defineDataset<S extends object>(family: DatasetFamily<S>): DatasetFamily<S> {
  return extension('dataset', family);
}
