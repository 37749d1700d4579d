import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { flag, integer, oneOf, string } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { defineDataset } from './loader.js';

const SIDE = 32;
const PLACES = SIDE * SIDE;
const NUMBERS = 3 * PLACES;

/** Files with the training images and the held-out ones, in the order of their names. */
function batchesIn(path: string): { readonly isHundred: boolean; readonly train: string[]; readonly test: string[] } {
  const names = path !== '' && existsSync(path) ? readdirSync(path).sort() : [];
  const isHundred = names.includes('train.bin');
  const train = isHundred ? ['train.bin'] : names.filter((name) => /^data_batch_\d+\.bin$/.test(name));
  const test = names.filter((name) => name === (isHundred ? 'test.bin' : 'test_batch.bin'));
  if (train.length === 0 || test.length === 0)
    throw new GradswarmError(
      'ERR_DATA_MISSING',
      `data set 'cifar': set 'path' to the folder of the binary version (data_batch_1.bin … and test_batch.bin, or train.bin and test.bin), got '${path}'`,
    );
  return { isHundred, train, test };
}

/** Records of labels, then 1024 red, green and blue bytes row by row; read as [32, 32, 3] in [0, 1]. `most` 0: all. */
function readBatches(
  path: string,
  files: readonly string[],
  labelBytes: number,
  labelAt: number,
  classCount: number,
  most: number,
): Examples {
  const record = labelBytes + NUMBERS;
  const batches = files.map((file) => ({ file: join(path, file), bytes: readFileSync(join(path, file)) }));
  for (const { file, bytes } of batches)
    if (bytes.length === 0 || bytes.length % record !== 0)
      throw new GradswarmError(
        'ERR_DATA_FORMAT',
        `${file}: expected records of ${record} bytes, got ${bytes.length} bytes`,
      );
  const available = batches.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const count = most === 0 ? available : Math.min(most, available);
  const features = new Float32Array(count * NUMBERS);
  const labels = new Int32Array(count);
  let row = 0;
  for (const { file, bytes } of batches)
    for (let at = 0; at < bytes.length && row < count; at += record, row++) {
      const label = bytes[at + labelAt]!;
      if (label >= classCount)
        throw new GradswarmError(
          'ERR_DATA_FORMAT',
          `${file}: record ${at / record}: expected a label below ${classCount}, got ${label}`,
        );
      labels[row] = label;
      for (let i = 0; i < PLACES; i++)
        for (let c = 0; c < 3; c++)
          features[row * NUMBERS + 3 * i + c] = bytes[at + labelBytes + c * PLACES + i]! / 255;
    }
  return { count, features, labels, targets: NO_TARGETS };
}

/** Each channel with mean 0 and standard deviation 1 over the training images. */
function standardise(train: Examples, test: Examples): void {
  for (let c = 0; c < 3; c++) {
    let [sum, squares] = [0, 0];
    for (let i = c; i < train.features.length; i += 3) {
      sum += train.features[i]!;
      squares += train.features[i]! ** 2;
    }
    const count = train.features.length / 3;
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(squares / count - mean * mean, 0)) || 1;
    for (const { features } of [train, test])
      for (let i = c; i < features.length; i += 3) features[i] = (features[i]! - mean) / deviation;
  }
}

/** CIFAR-10 and CIFAR-100 (Krizhevsky, 2009), the binary version, whose files a person has downloaded. */
export default defineDataset({
  name: 'cifar',
  summary: 'CIFAR-10 or CIFAR-100 from the binary files in a folder',
  settings: defineSettings({
    path: string('', 'The folder with the .bin files'),
    trainCount: integer(0, 'Training images, from the first on; 0: all', { least: 0 }),
    testCount: integer(0, 'Held-out images, from the first on; 0: all', { least: 0 }),
    labels: oneOf(['fine', 'coarse'], 'fine', 'Of CIFAR-100: 100 classes or 20'),
    standardise: flag(true, 'Each channel gets mean 0 and standard deviation 1 over the training images'),
  }),
  load(settings): Dataset {
    const { path } = settings;
    const { isHundred, train: trainFiles, test: testFiles } = batchesIn(path);
    const classCount = isHundred ? (settings.labels === 'fine' ? 100 : 20) : 10;
    const labelAt = isHundred && settings.labels === 'fine' ? 1 : 0;
    const read = (files: readonly string[], most: number) =>
      readBatches(path, files, isHundred ? 2 : 1, labelAt, classCount, most);
    const train = read(trainFiles, settings.trainCount);
    const test = read(testFiles, settings.testCount);
    if (settings.standardise) standardise(train, test);
    const namesFile = join(path, isHundred ? `${settings.labels}_label_names.txt` : 'batches.meta.txt');
    const classNames = existsSync(namesFile) ? readFileSync(namesFile, 'utf8').trim().split(/\r?\n/) : [];
    return {
      name: 'cifar',
      source: `CIFAR-${isHundred ? 100 : 10} in ${path}`,
      featureShape: [SIDE, SIDE, 3],
      classCount,
      ...(classNames.length === classCount && { classNames }),
      train,
      test,
    };
  },
});
