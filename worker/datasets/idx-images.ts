import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import type { Rng } from '../../protocol/method.js';
import { flag, integer, oneOf, string } from '../../protocol/settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { type IdxFile, readIdxFile } from './idx-file.js';
import { poolImages } from './image-pooling.js';
import { defineDataset } from './loader.js';

/** Settings that every IDX image set has. */
export const idxSettings = {
  size: integer(0, 'Side of the images, area-averaged; 0: as in the file', { least: 0, most: 4096 }),
  trainCount: integer(0, 'Training images; 0: all', { least: 0 }),
  testCount: integer(0, 'Test images; 0: all', { least: 0 }),
  subset: oneOf(
    ['first', 'random'],
    'first',
    'The first images of the file, or some drawn without replacement, in file order',
  ),
  standardise: flag(
    false,
    'Subtract the mean and divide by the standard deviation of all chosen training pixels (two numbers for the set)',
  ),
};
const shape = defineSettings(idxSettings);

export interface IdxPaths {
  readonly trainImages: string;
  readonly trainLabels: string;
  readonly testImages: string;
  readonly testLabels: string;
}

function choose(available: number, count: number, subset: string, rng: Rng, what: string): Uint32Array {
  if (count > available)
    throw new GradswarmError('ERR_DATA_MISSING', `${what}: expected at least ${count} images, got ${available}`);
  const all = count === 0 || count === available;
  if (!all && subset === 'random') return rng.batch(available, count).sort();
  return Uint32Array.from({ length: all ? available : count }, (_, i) => i);
}

/** `most`: images that are needed, the first. Labels are read all: they say how many classes there are. */
function readPair(imagePath: string, labelPath: string, most: number): { images: IdxFile; labels: IdxFile } {
  const images = readIdxFile(imagePath, 3, most);
  const labels = readIdxFile(labelPath, 1);
  if (images.lengths[0] !== labels.lengths[0])
    throw new GradswarmError(
      'ERR_DATA_FORMAT',
      `${labelPath}: expected one label for each of the ${images.lengths[0]} images of ${imagePath}, got ${labels.lengths[0]}`,
    );
  return { images, labels };
}

/** Mean and standard deviation (divisor n) of all numbers. */
function moments(values: Float32Array): { mean: number; stddev: number } {
  let sum = 0;
  for (const x of values) sum += x;
  const mean = sum / values.length;
  let squares = 0;
  for (const x of values) squares += (x - mean) * (x - mean);
  return { mean, stddev: Math.sqrt(squares / values.length) };
}

/** Reads four IDX files as a classification set with pixels in [0, 1]. */
export function loadIdxImages(
  name: string,
  source: string,
  paths: IdxPaths,
  settings: SettingsOf<typeof shape>,
  rng: Rng,
): Dataset {
  const { size, trainCount, testCount, subset, standardise } = settings;
  const needed = (count: number) => (count === 0 || subset === 'random' ? Number.POSITIVE_INFINITY : count);
  const train = readPair(paths.trainImages, paths.trainLabels, needed(trainCount));
  const test = readPair(paths.testImages, paths.testLabels, needed(testCount));
  const [, height = 0, width = 0] = train.images.lengths;
  if (test.images.lengths[1] !== height || test.images.lengths[2] !== width)
    throw new GradswarmError(
      'ERR_DATA_FORMAT',
      `${paths.testImages}: expected images of ${height} x ${width} as in ${paths.trainImages}, got ${test.images.lengths[1]} x ${test.images.lengths[2]}`,
    );
  if (size > Math.min(height, width))
    throw new GradswarmError('ERR_SCENARIO', `data.size: expected at most ${Math.min(height, width)}, got ${size}`);
  const out = size === 0 ? ([height, width] as const) : ([size, size] as const);
  let classCount = 0;
  const examples = (pair: typeof train, count: number, path: string): Examples => {
    const chosen = choose(pair.images.lengths[0]!, count, subset, rng.derive('subset', path), path);
    for (const label of pair.labels.bytes) if (label >= classCount) classCount = label + 1;
    return {
      count: chosen.length,
      features: poolImages(pair.images.bytes, height, width, out, chosen, 1 / 255),
      labels: Int32Array.from(chosen, (i) => pair.labels.bytes[i]!),
      targets: NO_TARGETS,
    };
  };
  const trainExamples = examples(train, trainCount, 'train');
  const testExamples = examples(test, testCount, 'test');
  if (standardise) {
    const { mean, stddev } = moments(trainExamples.features);
    for (const features of [trainExamples.features, testExamples.features])
      for (let i = 0; i < features.length; i++) features[i] = (features[i]! - mean) / (stddev || 1);
  }
  const details = [
    size === 0 || (size === height && size === width) ? '' : `, area-averaged to ${size} x ${size}`,
    standardise ? ', standardised' : '',
    trainExamples.count < train.images.lengths[0]! ? `, ${subset} ${trainExamples.count} training images` : '',
  ];
  return {
    name,
    source: source + details.join(''),
    featureShape: [...out, 1],
    classCount,
    train: trainExamples,
    test: testExamples,
  };
}

/** What a file of each role is called, and the usual name. */
const ROLES = {
  trainImages: { pattern: /(^|[-_.])train[-_.]images[-_.]idx3[-_.]ubyte(\.gz)?$/, usual: 'train-images-idx3-ubyte' },
  trainLabels: { pattern: /(^|[-_.])train[-_.]labels[-_.]idx1[-_.]ubyte(\.gz)?$/, usual: 'train-labels-idx1-ubyte' },
  testImages: {
    pattern: /(^|[-_.])(t10k|test)[-_.]images[-_.]idx3[-_.]ubyte(\.gz)?$/,
    usual: 't10k-images-idx3-ubyte',
  },
  testLabels: {
    pattern: /(^|[-_.])(t10k|test)[-_.]labels[-_.]idx1[-_.]ubyte(\.gz)?$/,
    usual: 't10k-labels-idx1-ubyte',
  },
};

/** The four files of an MNIST-like folder, by their usual names (with or without .gz; the plain one is preferred). */
export function findIdxFiles(folder: string): IdxPaths {
  if (!existsSync(folder))
    throw new GradswarmError('ERR_DATA_MISSING', `${folder}: expected a folder with IDX files, there is none`);
  const names = readdirSync(folder).sort();
  const find = (role: keyof typeof ROLES): string => {
    const found = names.filter((name) => ROLES[role].pattern.test(name));
    const plain = found.filter((name) => !(name.endsWith('.gz') && found.includes(name.slice(0, -3))));
    if (plain.length !== 1)
      throw new GradswarmError(
        'ERR_DATA_MISSING',
        `${folder}: expected one file named like '${ROLES[role].usual}', with .gz or without, got ${plain.map((name) => `'${name}'`).join(', ') || 'none'}; name a folder that holds one set`,
      );
    return join(folder, plain[0]!);
  };
  return {
    trainImages: find('trainImages'),
    trainLabels: find('trainLabels'),
    testImages: find('testImages'),
    testLabels: find('testLabels'),
  };
}

/** Any IDX images and labels from a folder that the user names. */
const idxImages = defineDataset({
  name: 'idx-images',
  summary: 'Images in IDX files of a folder',
  settings: defineSettings({ folder: string('', 'The folder that holds the four files'), ...idxSettings }),
  load: (settings, rng) => {
    if (settings.folder === '')
      throw new GradswarmError(
        'ERR_DATA_MISSING',
        `data set 'idx-images': set 'folder' to the folder that holds the four IDX files`,
      );
    return loadIdxImages('idx-images', `IDX files in ${settings.folder}`, findIdxFiles(settings.folder), settings, rng);
  },
});

export default idxImages;
