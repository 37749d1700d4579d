import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { count, oneOf, probability, string } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type FileBytes, openFile } from '../arrays/file-bytes.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { FileRows } from './files/file-rows.js';
import { FileStamps } from './files/file-stamps.js';
import { namesIn } from './files/names-in.js';
import { memoryMiB, RowMemory } from './files/row-memory.js';
import { decodeImage, IMAGE_FILE, type Pixels, resized } from './images/decode.js';
import { defineDataset } from './loader.js';
import { some } from './tables/features.js';
import { splitRows } from './tables/split.js';

/** Of each file. */
const ONE_ROW = { rows: 1, isByRow: true };

interface Labelled {
  readonly file: string;
  readonly label: number;
}

/** Folders of a folder, sorted: the classes. */
function classesIn(path: string): readonly string[] {
  if (path === '' || !existsSync(path))
    throw new GradswarmError(
      'ERR_DATA_MISSING',
      `data set 'image-folder': set 'path' to a folder with one folder of images a class, got '${path}'`,
    );
  return namesIn(path).filter((name) => isFolder(join(path, name)));
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Images by class, and what else lies in the folders of classes. */
function imagesIn(path: string, classNames: readonly string[]) {
  const images: Labelled[] = [];
  const others: string[] = [];
  for (const [label, name] of classNames.entries()) {
    const folder = join(path, name);
    if (!existsSync(folder)) continue;
    for (const file of namesIn(folder))
      if (IMAGE_FILE.test(file) && !isFolder(join(folder, file))) images.push({ file: join(folder, file), label });
      else others.push(`${name}/${file}`);
  }
  return { images, others };
}

/** Throws ERR_DATA_FORMAT where a class is held out of which there is nothing to train, as of a folder with a misspelt name. */
function heldOut(path: string, classNames: readonly string[]) {
  const unknown = classesIn(join(path, 'test')).find((name) => !classNames.includes(name));
  if (unknown !== undefined)
    throw new GradswarmError(
      'ERR_DATA_FORMAT',
      `${join(path, 'test', unknown)}: expected one of the classes in 'train' (${some(classNames)}), got '${unknown}'`,
    );
  return imagesIn(join(path, 'test'), classNames);
}

/** What a person may miss. */
function omissions(classNames: readonly string[], train: readonly Labelled[], others: readonly string[]) {
  const seen = new Set(train.map(({ label }) => label));
  const unseen = classNames.filter((_, label) => !seen.has(label));
  return [
    ...(unseen.length > 0 ? [`without an image to train: ${unseen.length} classes (${some(unseen)})`] : []),
    ...(others.length > 0 ? [`left out: ${others.length} that are no PNG or JPEG (${some(others)})`] : []),
  ];
}

/**
 * PNG and JPEG images by class: `path/CLASS/*.png`, or `path/train/CLASS` and `path/test/CLASS`. Classes are sorted by name. Values in
 * [0, 1]; images of different sizes need `size`. Throws ERR_DATA_MISSING and ERR_DATA_FORMAT with the file.
 */
export default defineDataset({
  name: 'image-folder',
  summary: 'PNG and JPEG images from a path, a folder a class',
  settings: defineSettings({
    path: string('', 'The folder'),
    size: count(null, 'Side to which images are resized (means over areas); null: all have one size', 4096),
    channels: oneOf([1, 3], 3, '3: red, green, blue; 1: luminance'),
    testShare: probability(0.2, "Share of the images that is held out, without folders 'train' and 'test'"),
    memoryMiB: memoryMiB(),
  }),
  load({ path, size, channels, testShare, memoryMiB: limit }, rng): Dataset {
    const top = classesIn(path);
    const isSplit = top.includes('train') && top.includes('test');
    const classNames = isSplit ? classesIn(join(path, 'train')) : top;
    const { images: all, others } = imagesIn(isSplit ? join(path, 'train') : path, classNames);
    if (classNames.length < 2 || all.length === 0)
      throw new GradswarmError(
        'ERR_DATA_FORMAT',
        `${path}: expected a folder of PNG or JPEG images for each of two classes or more, got ${classNames.length} folders with ${all.length} images`,
      );
    const held = isSplit ? heldOut(path, classNames) : { images: [], others: [] };
    const parts = isSplit ? null : splitRows({ path, rowCount: all.length }, testShare, rng.derive('split'));
    const train = parts ? Array.from(parts.train, (row) => all[row]!) : all;
    const test = parts ? Array.from(parts.test, (row) => all[row]!) : held.images;
    const read = ({ file }: Labelled, stamp: (opened: FileBytes) => void): Pixels => {
      const opened = openFile(file);
      stamp(opened);
      const image = decodeImage(opened.read(0, opened.size), file, channels as 1 | 3);
      return size === null ? image : resized(image, size, size);
    };
    const { height, width } = read(train[0]!, () => {});
    const rowsOf = (chosen: readonly Labelled[]) => {
      const stamps = new FileStamps(chosen.length);
      return new FileRows(
        height * width * channels,
        chosen.map(() => ONE_ROW),
        (index) => {
          const { file } = chosen[index]!;
          const image = read(chosen[index]!, (opened) => stamps.require(index, opened));
          if (image.height !== height || image.width !== width)
            throw new GradswarmError(
              'ERR_DATA_FORMAT',
              `${file}: expected ${height} x ${width} pixels, as in ${train[0]!.file}, got ${image.height} x ${image.width}; set 'size'`,
            );
          return image.values;
        },
      );
    };
    const [trainRows, testRows] = [rowsOf(train), rowsOf(test)];
    const memory = new RowMemory(limit, [trainRows, testRows]);
    const examples = (rows: FileRows, chosen: readonly Labelled[]): Examples =>
      memory.examples(rows, null, { labels: Int32Array.from(chosen, ({ label }) => label), targets: NO_TARGETS });
    return {
      name: 'image-folder',
      source: `images in ${path}`,
      decisions: [
        `classes: ${classNames.join(', ')}`,
        ...omissions(classNames, train, [...others, ...held.others]),
        `split: ${train.length} images to train, ${test.length} to test, ${isSplit ? 'by folder' : 'by the seed'}`,
        ...memory.decisions(`${all.length} files`),
      ],
      featureShape: [height, width, channels],
      classCount: classNames.length,
      classNames,
      train: examples(trainRows, train),
      test: examples(testRows, test),
    };
  },
});
