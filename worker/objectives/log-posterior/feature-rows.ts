import { GradswarmError } from '../../../protocol/errors.js';
import type { ReadonlyVector, Segment } from '../../../protocol/method.js';
import type { Dataset, Examples } from '../../datasets/dataset.js';
import { openRowLoops, type RowLoops } from './simd/row-loops.js';

/** Rows of a design matrix in float64, with a last column of ones when there is an intercept. */
export interface FeatureRows {
  readonly count: number;
  /** Numbers a row. */
  readonly width: number;
  readonly values: Float64Array;
  /** Sums over many rows at once; null: by the plain loops below. */
  readonly loops: RowLoops | null;
}

/** `loops`: whose memory the rows are written to. */
export function featureRows(
  examples: Examples,
  featureCount: number,
  intercept: boolean,
  loops: RowLoops | null = null,
): FeatureRows {
  const width = featureCount + (intercept ? 1 : 0);
  const values = loops?.values ?? new Float64Array(examples.count * width);
  for (let i = 0; i < examples.count; i++) {
    for (let j = 0; j < featureCount; j++) values[i * width + j] = examples.features[i * featureCount + j]!;
    if (intercept) values[i * width + featureCount] = 1;
  }
  return { count: examples.count, width, values, loops };
}

/** The same for rows that gradients are computed of. */
export function trainingRows(examples: Examples, featureCount: number, intercept: boolean): FeatureRows {
  const loops = openRowLoops(examples.count, featureCount + (intercept ? 1 : 0));
  return featureRows(examples, featureCount, intercept, loops);
}

/** Throws ERR_OBJECTIVE for a data set of codes, whose numbers are no features. */
export function featureCountOf(dataset: Dataset): number {
  if (dataset.vocabulary !== undefined)
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `expected features that are numbers, those of data set '${dataset.name}' are codes of one-hot vectors`,
    );
  return dataset.featureShape.reduce((product, length) => product * length, 1);
}

/** The linear predictor's parameters: weights, then the intercept. */
export function linearSegments(featureCount: number, intercept: boolean): readonly Segment[] {
  const weights = { name: 'weights', module: 'linear', offset: 0, shape: [featureCount] };
  return intercept ? [weights, { name: 'intercept', module: 'linear', offset: featureCount, shape: [1] }] : [weights];
}

/** Inner product of row `index` and the parameters. */
export function rowProduct({ width, values }: FeatureRows, index: number, params: ReadonlyVector): number {
  let sum = 0;
  for (let j = 0, at = index * width; j < width; j++, at++) sum += values[at]! * params[j]!;
  return sum;
}

/** into += factor * row. */
export function addRow({ width, values }: FeatureRows, index: number, factor: number, into: Float64Array): void {
  for (let j = 0, at = index * width; j < width; j++, at++) into[j] = into[j]! + factor * values[at]!;
}

/** Throws ERR_OBJECTIVE unless the data set has this many classes (0: regression). */
export function requireClasses(
  dataset: Dataset,
  allowed: (classCount: number) => boolean,
  who: string,
  need: string,
): void {
  if (!allowed(dataset.classCount))
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `${who} needs ${need}, but data set '${dataset.name}' has ${dataset.classCount} classes; choose another objective or data set`,
    );
}
