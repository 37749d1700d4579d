import type { ReadonlyVector } from '../../protocol/method.js';
import type { ShardList } from './shard-list.js';

/** Rows of features that are read when they are needed. All calls are synchronous, as objectives are. */
export interface StoredRows {
  /** Numbers a row. */
  readonly width: number;
  /** The features of one row, valid for as long as the caller holds them; not to be written. Throws where the file cannot be read. */
  row(index: number): Float32Array;
}

/** Examples row by row. Labels for classification, targets for regression. */
export interface Examples {
  readonly count: number;
  /** count x featureCount numbers. Throws ERR_OBJECTIVE where they are `stored`: `rowOf` reads both. */
  readonly features: Float32Array;
  /** Where features are not in memory: what they are read from. */
  readonly stored?: StoredRows;
  /** One class index an example; empty for regression. */
  readonly labels: Int32Array;
  /** One target an example; empty for classification. */
  readonly targets: Float64Array;
  /** Ground truth by place, for dense prediction: by task, one class index a place, example by example. */
  readonly maps?: Readonly<Record<string, Uint8Array>>;
}

/** A data set in memory or read by rows: training and test examples, as every client may hold them. */
export interface Dataset {
  readonly name: string;
  /** Its origin, for the report. */
  readonly source: string;
  /** What was decided while it was read (header, types of columns, rows left out, split), one sentence each. */
  readonly decisions?: readonly string[];
  /** One example's shape, such as [28, 28, 1] or [64]. */
  readonly featureShape: readonly number[];
  /** Features are whole numbers below this, each standing for a one-hot vector of this length. Left out: they are numbers. */
  readonly vocabulary?: number;
  /** 0 for regression. */
  readonly classCount: number;
  /** The names of the classes, if the data has them; length classCount. */
  readonly classNames?: readonly string[];
  readonly train: Examples;
  readonly test: Examples;
  /** Weights that drew a regression's targets before their noise, where they are known. */
  readonly trueWeights?: ReadonlyVector;
  /** Natural owners: group index of each training example (a president, a writer), where the data has them. */
  readonly groups?: Int32Array;
  readonly groupNames?: readonly string[];
}

/** One client's indices into the training examples. A disjoint cover, except for the examples counted in `dropped`. */
export interface Partition {
  readonly shards: ShardList;
  readonly dropped: number;
  /** Which definition of the split this is, in words, for the report. */
  readonly definition: string;
}

/** The labels of examples without classes. */
export const NO_LABELS = new Int32Array(0);
/** The targets of examples without numbers to predict. */
export const NO_TARGETS = new Float64Array(0);

/** Numbers in one example. */
export function featureCountOf(dataset: Dataset): number {
  return dataset.featureShape.reduce((product, length) => product * length, 1);
}
