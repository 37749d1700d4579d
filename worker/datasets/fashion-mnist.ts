import { existsSync } from 'node:fs';
import { GradswarmError } from '../../protocol/errors.js';
import { string } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import type { Dataset } from './dataset.js';
import { findIdxFiles, idxSettings, loadIdxImages } from './idx-images.js';
import { defineDataset } from './loader.js';

const FASHION_FOLDER = '/usr/share/datasets/fashion-mnist';
const FASHION_CLASSES = [
  't-shirt',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
];

/** Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017) from `folder`, or where Debian's dataset-fashion-mnist puts it. */
export default defineDataset({
  name: 'fashion-mnist',
  summary: 'Fashion-MNIST, from a folder',
  settings: defineSettings({ folder: string(FASHION_FOLDER, 'The folder that holds the four files'), ...idxSettings }),
  load: (settings, rng): Dataset => {
    const { folder } = settings;
    if (!existsSync(folder))
      throw new GradswarmError(
        'ERR_DATA_MISSING',
        `data set 'fashion-mnist': expected its IDX files in ${folder}, there is no such folder; install Debian's package dataset-fashion-mnist, or set 'folder'`,
      );
    const dataset = loadIdxImages('fashion-mnist', `IDX files in ${folder}`, findIdxFiles(folder), settings, rng);
    return { ...dataset, classCount: FASHION_CLASSES.length, classNames: FASHION_CLASSES };
  },
});
