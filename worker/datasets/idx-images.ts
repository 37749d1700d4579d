import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import type { Rng } from '../../protocol/method.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { type IdxFile, readIdxFile } from './idx-file.js';
import { poolImages } from './image-pooling.js';
import { datasetLoader } from './loader.js';
import { checkChoice, checkInteger } from './settings.js';

/** Settings that every IDX image set has. Counts: 0 = all. size: 0 = as in the file. */
export const idxDefaults = {
  size: 0,
  trainCount: 0,
  testCount: 0,
  /** 'first': the first images of the file; 'random': drawn without replacement from the data stream, in file order. */
  subset: 'first',
  /** Subtract the mean and divide by the standard deviation of all chosen training pixels (two numbers for the set). */
  standardise: false,
};

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

function readPair(imagePath: string, labelPath: string): { images: IdxFile; labels: IdxFile } {
  const images = readIdxFile(imagePath, 3);
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
  settings: typeof idxDefaults,
  rng: Rng,
): Dataset {
  const subject = `data set '${name}'`;
  const { size, trainCount, testCount, subset, standardise } = settings;
  checkInteger(subject, 'size', size, 0, 4096);
  checkInteger(subject, 'trainCount', trainCount, 0);
  checkInteger(subject, 'testCount', testCount, 0);
  checkChoice(subject, 'subset', subset, ['first', 'random']);
  const train = readPair(paths.trainImages, paths.trainLabels);
  const test = readPair(paths.testImages, paths.testLabels);
  const [, height = 0, width = 0] = train.images.lengths;
  if (test.images.lengths[1] !== height || test.images.lengths[2] !== width)
    throw new GradswarmError(
      'ERR_DATA_FORMAT',
      `${paths.testImages}: expected images of ${height} x ${width} as in ${paths.trainImages}, got ${test.images.lengths[1]} x ${test.images.lengths[2]}`,
    );
  if (size > Math.min(height, width))
    throw new GradswarmError(
      'ERR_SCENARIO',
      `${subject}: size: expected at most ${Math.min(height, width)}, got ${size}`,
    );
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

const ROLES = {
  trainImages: /(^|[-_.])train[-_.]images[-_.]idx3[-_.]ubyte(\.gz)?$/,
  trainLabels: /(^|[-_.])train[-_.]labels[-_.]idx1[-_.]ubyte(\.gz)?$/,
  testImages: /(^|[-_.])(t10k|test)[-_.]images[-_.]idx3[-_.]ubyte(\.gz)?$/,
  testLabels: /(^|[-_.])(t10k|test)[-_.]labels[-_.]idx1[-_.]ubyte(\.gz)?$/,
};

/** The four files of an MNIST-like folder, by their usual names (with or without .gz; the plain one is preferred). */
export function findIdxFiles(folder: string): IdxPaths {
  if (!existsSync(folder))
    throw new GradswarmError('ERR_DATA_MISSING', `${folder}: expected a folder with IDX files, there is none`);
  const names = readdirSync(folder).sort();
  const find = (role: keyof typeof ROLES): string => {
    const found = names.filter((name) => ROLES[role].test(name));
    const plain = found.filter((name) => !(name.endsWith('.gz') && found.includes(name.slice(0, -3))));
    if (plain.length !== 1)
      throw new GradswarmError(
        'ERR_DATA_MISSING',
        `${folder}: expected one file named like ${ROLES[role].source}, got ${plain.join(', ') || 'none'}; name a folder that holds one set`,
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
export const idxImages = datasetLoader('idx-images', { folder: '', ...idxDefaults }, (settings, rng) => {
  if (settings.folder === '')
    throw new GradswarmError(
      'ERR_DATA_MISSING',
      `data set 'idx-images': set 'folder' to the folder that holds the four IDX files`,
    );
  return loadIdxImages('idx-images', `IDX files in ${settings.folder}`, findIdxFiles(settings.folder), settings, rng);
});

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
export const fashionMnist = datasetLoader(
  'fashion-mnist',
  { folder: FASHION_FOLDER, ...idxDefaults },
  (settings, rng): Dataset => {
    const { folder } = settings;
    if (!existsSync(folder))
      throw new GradswarmError(
        'ERR_DATA_MISSING',
        `data set 'fashion-mnist': expected its IDX files in ${folder}, there is no such folder; install Debian's package dataset-fashion-mnist, or set 'folder'`,
      );
    const dataset = loadIdxImages('fashion-mnist', `IDX files in ${folder}`, findIdxFiles(folder), settings, rng);
    return { ...dataset, classCount: FASHION_CLASSES.length, classNames: FASHION_CLASSES };
  },
);
