import { GradswarmError } from '../../protocol/errors.js';
import { allFinite } from '../../protocol/wire/finite.js';
import { type Dataset, type Examples, featureCountOf, type StoredRows } from './dataset.js';
import { withRows } from './stored-rows.js';

/**
 * The data set, with what an objective relies on: as many features, labels and targets as examples, classes that there are, finite numbers. Features
 * that are read when they are needed are looked at then. Throws ERR_DATA_FORMAT with the part, the example and what is there.
 */
export function sound(dataset: Dataset): Dataset {
  return { ...dataset, train: soundPart(dataset, 'train'), test: soundPart(dataset, 'test') };
}

function soundPart(dataset: Dataset, part: 'train' | 'test'): Examples {
  const examples = dataset[part];
  const width = featureCountOf(dataset);
  const wrong = (expected: string) =>
    new GradswarmError('ERR_DATA_FORMAT', `data set '${dataset.name}': expected ${expected}`);
  const { count, stored, labels, targets } = examples;
  const length = stored ? count * stored.width : examples.features.length;
  if (length !== count * width)
    throw wrong(
      `${count} x ${width} features in '${part}', as featureShape (${dataset.featureShape.join(', ')}) says, got ${length}`,
    );
  const [answers, what] = dataset.classCount > 0 ? [labels, 'labels'] : [targets, 'targets'];
  if (answers.length !== count && (answers.length > 0 || dataset.classCount > 0))
    throw wrong(`one of '${part}.${what}' for each of the ${count} examples, got ${answers.length}`);
  for (const [example, label] of labels.entries())
    if (label < 0 || label >= dataset.classCount)
      throw wrong(
        `classes from 0 to ${dataset.classCount - 1} in '${part}.labels', got ${label} for example ${example}`,
      );
  for (const [example, target] of targets.entries())
    if (!Number.isFinite(target))
      throw wrong(`finite numbers in '${part}.targets', got ${target} for example ${example}`);
  const refuse = (example: number, value: number) =>
    wrong(`finite numbers in 32 bits in '${part}.features', got ${value} in example ${example}`);
  if (stored) return withRows(examples, soundRows(stored, refuse));
  const bad = firstNotFinite(examples.features);
  if (bad >= 0) throw refuse(Math.floor(bad / width), examples.features[bad]!);
  const { vocabulary } = dataset;
  const strange = vocabulary
    ? examples.features.findIndex((code) => !(code >= 0 && code < vocabulary && code % 1 === 0))
    : -1;
  if (strange >= 0)
    throw wrong(
      `whole numbers below ${vocabulary} in '${part}.features', got ${examples.features[strange]} in example ${Math.floor(strange / width)}`,
    );
  return examples;
}

function soundRows(rows: StoredRows, refuse: (example: number, value: number) => GradswarmError): StoredRows {
  return {
    width: rows.width,
    row(index) {
      const values = rows.row(index);
      const bad = firstNotFinite(values);
      if (bad >= 0) throw refuse(index, values[bad]!);
      return values;
    },
  };
}

/** -1: all are finite. */
export function firstNotFinite(values: Float32Array): number {
  return allFinite(values) ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
