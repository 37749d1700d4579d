import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { number, oneOf, probability, string, text } from '../../protocol/settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../protocol/settings/settings.js';
import { decodeNpy } from '../arrays/npy.js';
import { decodeNpz } from '../arrays/npz.js';
import type { NumberArray } from '../arrays/number-array.js';
import { type Dataset, type Examples, NO_LABELS, NO_TARGETS } from './dataset.js';
import { defineDataset } from './loader.js';
import { splitRows } from './tables/split.js';

type Arrays = ReadonlyMap<string, NumberArray>;

const settings = defineSettings({
  path: string('', 'An .npz file, a folder of .npy files, or a folder with one .npz file a client'),
  features: text('x_train', 'Array of the training examples: [examples, …]'),
  labels: text('y_train', 'Array of their classes or targets: [examples]'),
  testFeatures: text('x_test', 'The same, held out; where there is none, `testShare` of the examples is'),
  testLabels: text('y_test', 'The same, held out'),
  task: oneOf(['classification', 'regression'], 'classification', 'What the labels are'),
  groups: string(
    '',
    "Array of the owners' numbers, for the partition 'by-group'; empty: none, or the files of a folder",
  ),
  scale: number(1, 'Factor on the features, such as 0.00392156862745098 for bytes'),
  testShare: probability(0.2, 'Share of the examples that is held out, where the file has no held-out ones'),
});
type NumpySettings = SettingsOf<typeof settings>;

function wrong(path: string, expected: string): GradswarmError {
  return new GradswarmError('ERR_DATA_FORMAT', `${path}: expected ${expected}`);
}

/** Arrays by file: one of an .npz or of a folder of .npy, or one of each client. */
function filesAt(path: string): readonly { readonly name: string; readonly arrays: Arrays }[] {
  if (path === '' || !existsSync(path))
    throw new GradswarmError(
      'ERR_DATA_MISSING',
      `data set 'numpy': set 'path' to an .npz file or a folder, got '${path}'`,
    );
  const npz = (file: string) => ({ name: basename(file, '.npz'), arrays: decodeNpz(readFileSync(file), file) });
  if (!statSync(path).isDirectory()) return [npz(path)];
  const names = readdirSync(path).sort();
  const archives = names.filter((name) => name.endsWith('.npz'));
  if (archives.length > 0) return archives.map((name) => npz(join(path, name)));
  const files = names.filter((name) => name.endsWith('.npy'));
  if (files.length === 0) throw wrong(path, '.npy or .npz files in the folder, got none');
  const arrays = files.map(
    (name) => [name.slice(0, -4), decodeNpy(readFileSync(join(path, name)), join(path, name))] as const,
  );
  return [{ name: basename(path), arrays: new Map(arrays) }];
}

/** Rows of several files one after the other. */
class Rows {
  readonly features: NumberArray;
  readonly labels: NumberArray;

  constructor(
    readonly path: string,
    arrays: readonly Arrays[],
    [features, labels]: readonly [string, string],
  ) {
    this.features = joined(path, arrays, features);
    this.labels = joined(path, arrays, labels);
    if (this.labels.values.length !== this.count)
      throw wrong(
        path,
        `'${labels}' with one number for each of the ${this.count} rows of '${features}', got shape (${this.labels.shape.join(', ')})`,
      );
  }

  get count(): number {
    return this.features.shape[0] ?? 0;
  }

  examples(rows: Uint32Array, { task, scale }: NumpySettings): Examples {
    const { values } = this.features;
    const width = this.count === 0 ? 0 : values.length / this.count;
    const features = new Float32Array(rows.length * width);
    for (const [i, row] of rows.entries())
      for (let j = 0; j < width; j++) features[i * width + j] = scale * values[row * width + j]!;
    const chosen = Float64Array.from(rows, (row) => this.labels.values[row]!);
    return task === 'classification'
      ? { count: rows.length, features, labels: Int32Array.from(chosen), targets: NO_TARGETS }
      : { count: rows.length, features, labels: NO_LABELS, targets: chosen };
  }
}

function joined(path: string, arrays: readonly Arrays[], name: string): NumberArray {
  const parts = arrays.map((one) => {
    const array = one.get(name);
    if (!array) throw wrong(path, `an array '${name}', got ${[...one.keys()].join(', ') || 'none'}`);
    if (array.shape.length === 0) throw wrong(path, `'${name}' with an axis of examples, got a single number`);
    return array;
  });
  const [first] = parts;
  const rest = first!.shape.slice(1);
  for (const { shape } of parts)
    if (shape.slice(1).join() !== rest.join())
      throw wrong(
        path,
        `'${name}' of one shape in every file, got (${rest.join(', ')}) and (${shape.slice(1).join(', ')})`,
      );
  if (parts.length === 1) return first!;
  const values = new Float64Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of parts) for (let i = 0; i < part.values.length; i++) values[at++] = part.values[i]!;
  return { shape: [parts.reduce((sum, { shape }) => sum + shape[0]!, 0), ...rest], values };
}

const all = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

/** Arrays of NumPy. A folder with one .npz a client gives each file's examples an owner: `partition: 'by-group'` keeps them apart. */
export default defineDataset({
  name: 'numpy',
  summary: 'NumPy arrays from a path: .npz, .npy, or one .npz a client',
  settings,
  load(chosen, rng): Dataset {
    const { path, features, labels, testFeatures, testLabels, task, groups, testShare } = chosen;
    const files = filesAt(path);
    const given = new Rows(
      path,
      files.map(({ arrays }) => arrays),
      [features, labels],
    );
    const held = files.filter(({ arrays }) => arrays.has(testFeatures)).map(({ arrays }) => arrays);
    const heldOut = held.length > 0 ? new Rows(path, held, [testFeatures, testLabels]) : null;
    const parts = heldOut ? null : splitRows({ path, rows: { length: given.count } }, testShare, rng.derive('split'));
    const trainRows = parts?.train ?? all(given.count);
    const train = given.examples(trainRows, chosen);
    const test = heldOut ? heldOut.examples(all(heldOut.count), chosen) : given.examples(parts!.test, chosen);
    const owners = ownersOf(path, files, features, groups);
    return {
      name: 'numpy',
      source: `NumPy arrays in ${path}`,
      decisions: [
        `split: ${train.count} to train, ${test.count} to test, ${heldOut ? 'by the arrays' : 'by the seed'}`,
      ],
      featureShape: given.features.shape.slice(1),
      classCount: task === 'classification' ? classCountOf(path, train, test) : 0,
      train,
      test,
      ...(owners && { groups: Int32Array.from(trainRows, (row) => owners.of[row]!), groupNames: owners.names }),
    };
  },
});

function classCountOf(path: string, train: Examples, test: Examples): number {
  let greatest = 0;
  for (const { labels } of [train, test])
    for (const label of labels) {
      if (label < 0) throw wrong(path, `classes from 0 on, got ${label}`);
      greatest = Math.max(greatest, label);
    }
  return greatest + 1;
}

function ownersOf(
  path: string,
  files: readonly { readonly name: string; readonly arrays: Arrays }[],
  features: string,
  groups: string,
): { readonly of: Int32Array; readonly names: readonly string[] } | null {
  if (groups === '' && files.length === 1) return null;
  if (groups === '') {
    const of = files.flatMap(({ arrays }, file) => new Array<number>(arrays.get(features)!.shape[0]!).fill(file));
    return { of: Int32Array.from(of), names: files.map(({ name }) => name) };
  }
  const { values } = joined(
    path,
    files.map(({ arrays }) => arrays),
    groups,
  );
  const numbers = [...new Set(Array.from(values))].sort((a, b) => a - b);
  return { of: Int32Array.from(values, (value) => numbers.indexOf(value)), names: numbers.map(String) };
}
