import { number, oneOf, probability, string, text } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_LABELS, NO_TARGETS } from './dataset.js';
import { type ArrayFiles, arrayFiles, arrayOf, wrong } from './files/array-files.js';
import { ArrayRows } from './files/array-rows.js';
import { Room } from './files/kept-rows.js';
import { memoryMiB, RowMemory } from './files/row-memory.js';
import { defineDataset } from './loader.js';
import { some } from './tables/features.js';
import { splitRows } from './tables/split.js';

const settings = defineSettings({
  path: string(
    '',
    'An .npz file, a folder of .npy files, or a folder with one .npz file or one folder of .npy files a client',
  ),
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
  memoryMiB: memoryMiB(),
});

/**
 * Arrays of NumPy. A folder with one file a client gives each file's examples an owner: `partition: 'by-group'` keeps them apart. Labels
 * are in memory; features are where they fit in `memoryMiB`, and are read from the files as clients compute where they do not, with the
 * same numbers.
 */
export default defineDataset({
  name: 'numpy',
  summary: 'NumPy arrays from a path: .npz, .npy, or one file a client',
  settings,
  load(chosen, rng): Dataset {
    const { path, task, scale, testShare, groups } = chosen;
    const files = arrayFiles(path);
    const room = new Room(chosen.memoryMiB);
    const given = new ArrayRows(files, { features: chosen.features, labels: chosen.labels }, scale, task, room);
    const held = new ArrayRows(files, { features: chosen.testFeatures, labels: chosen.testLabels }, scale, task, room);
    const owners = new Owners(files, groups);
    for (let file = 0; file < files.names.length; file++) {
      const arrays = files.open(file);
      const count = given.add(file, arrays);
      owners.add(file, count, groups === '' ? null : arrayOf(path, arrays, groups).read(0, count));
      if (arrays.has(chosen.testFeatures)) held.add(file, arrays);
    }
    const [rows, heldRows] = [given.rows(), held.rows()];
    if (heldRows.count > 0 && held.featureShape.join() !== given.featureShape.join())
      throw wrong(
        path,
        `rows of shape (${given.featureShape.join(', ')}) in '${chosen.testFeatures}', as in '${chosen.features}', got (${held.featureShape.join(', ')})`,
      );
    const memory = new RowMemory(chosen.memoryMiB, [rows, heldRows]);
    memory.requireBlock(path, Math.max(given.widestBlock, held.widestBlock));
    const parts = heldRows.count > 0 ? null : splitRows({ path, rowCount: rows.count }, testShare, rng.derive('split'));
    const answers = (of: ArrayRows, order: Uint32Array | null) => {
      const numbers = order ? Float64Array.from(order, (row) => of.labels[row]!) : of.labels.slice();
      return task === 'classification'
        ? { labels: Int32Array.from(numbers), targets: NO_TARGETS }
        : { labels: NO_LABELS, targets: numbers };
    };
    const { train, test } = parts
      ? memory.split(rows, parts, { train: answers(given, parts.train), test: answers(given, parts.test) })
      : {
          train: memory.examples(rows, null, answers(given, null)),
          test: memory.examples(heldRows, null, answers(held, null)),
        };
    const groupsOf = owners.groups(rows.count, parts?.train ?? null);
    const classes = task === 'classification' ? classesOf(path, train, test) : { count: 0, decisions: [] };
    return {
      name: 'numpy',
      source: `NumPy arrays in ${path}`,
      decisions: [
        ...classes.decisions,
        `split: ${train.count} to train, ${test.count} to test, ${parts ? 'by the seed' : 'by the arrays'}`,
        ...memory.decisions(`${files.names.length} ${files.names.length === 1 ? 'file' : 'files'}`),
      ],
      featureShape: given.featureShape,
      classCount: classes.count,
      train,
      test,
      ...groupsOf,
    };
  },
});

/** Classes up to the greatest one. Refused where there are more of them than examples, or one alone; those that no run can learn are named. */
function classesOf(
  path: string,
  train: Examples,
  test: Examples,
): { readonly count: number; readonly decisions: readonly string[] } {
  const seen = new Set(train.labels);
  const count = [...seen, ...test.labels].reduce((most, label) => Math.max(most, label + 1), 0);
  const total = train.count + test.count;
  if (count > total)
    throw wrong(path, `classes 0, 1, 2 … without gaps, got class ${count - 1} among ${total} examples`);
  if (count < 2) throw wrong(path, 'examples of at least 2 classes, got class 0 alone');
  const unseen = Array.from({ length: count }, (_, label) => label).filter((label) => !seen.has(label));
  const gaps =
    unseen.length > 0 ? [`without an example to train: ${unseen.length} classes (${some(unseen.map(String))})`] : [];
  return { count, decisions: [`classes: ${count}`, ...gaps] };
}

/** Natural owners of examples: the files, or the numbers of an array. */
class Owners {
  private readonly counts: number[] = [];
  private readonly numbers: ArrayLike<number>[] = [];

  constructor(
    private readonly files: ArrayFiles,
    private readonly array: string,
  ) {}

  add(file: number, count: number, numbers: ArrayLike<number> | null): void {
    this.counts[file] = count;
    if (!numbers) return;
    if (numbers.length !== count)
      throw wrong(
        this.files.path,
        `'${this.array}' with one number for each of the ${count} examples, got ${numbers.length}`,
      );
    for (let i = 0; i < count; i++)
      if (!Number.isSafeInteger(numbers[i]!))
        throw wrong(this.files.path, `whole numbers below 2^53 in '${this.array}', got ${numbers[i]} at ${i}`);
    this.numbers.push(numbers);
  }

  /** `order`: the examples, of `total`; null: all. */
  groups(total: number, order: Uint32Array | null): Pick<Dataset, 'groups' | 'groupNames'> {
    if (this.array === '' && this.files.names.length === 1) return {};
    const of = new Int32Array(total);
    let at = 0;
    if (this.array === '') {
      for (const [file, count] of this.counts.entries()) of.fill(file, at, (at += count));
      return { groups: chosen(of, order), groupNames: this.files.names };
    }
    const index = new Map<number, number>();
    for (const numbers of this.numbers) for (let i = 0; i < numbers.length; i++) index.set(numbers[i]!, 0);
    const sorted = [...index.keys()].sort((a, b) => a - b);
    for (const [place, owner] of sorted.entries()) index.set(owner, place);
    for (const numbers of this.numbers) for (let i = 0; i < numbers.length; i++) of[at++] = index.get(numbers[i]!)!;
    return { groups: chosen(of, order), groupNames: sorted.map(String) };
  }
}

function chosen(values: Int32Array, order: Uint32Array | null): Int32Array {
  return order ? Int32Array.from(order, (row) => values[row]!) : values;
}
