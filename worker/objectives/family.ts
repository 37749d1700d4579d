import type { ClientIndex, Objective, ReadonlyVector, Rng, Segment, Vector } from '../../protocol/method.js';

/** Mean loss per example and share of right answers (null where that has no meaning). */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number | null;
  /** Further columns, such as the distance to the truth where the data's is known, or the calibration error of predictions. */
  readonly extra?: Readonly<Record<string, number>>;
  /** Where there are classes: each example's own and the predicted one. */
  readonly classes?: { readonly labels: ArrayLike<number>; readonly predicted: ArrayLike<number> };
}

/** What computes, for the manifest. `why` has one line for each candidate that was looked at. */
export interface ComputeReport {
  readonly name: string;
  readonly why: readonly string[];
  /** One gradient, computed twice when the device was opened, had equal bits. */
  readonly deterministic: boolean;
}

/** A model on a data set: what every client's objective has in common. Built once a process. */
export interface ObjectiveFamily {
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  /**
   * Parameters that are not trained: no method sees them, and none travels. Equal in every process; a file of saved parameters may
   * give them. `values` is written before the first round. Left out: all are trained.
   */
  readonly base?: { readonly segments: readonly Segment[]; readonly values: Vector };
  /** The device; left out by plain loops, whose bits depend on nothing. */
  readonly device?: ComputeReport;
  /** Minimiser of the mean over all clients' objectives, where it is known. */
  readonly optimum?: ReadonlyVector;
  initialParams(rng: Rng): Vector;
  /**
   * The objective of the client that owns these training examples. `client` is its index, for families without a data
   * set, which ignore `examples`; the others ignore `client`.
   */
  shard(examples: Uint32Array, client?: ClientIndex): Objective;
  /** On the held-out examples (on the training examples where none are held out). Several estimates: predictions are averaged (one vector per chain). */
  evaluate(estimates: readonly ReadonlyVector[]): Evaluation | Promise<Evaluation>;
  /** The same on all clients' training examples; left out by families without examples. */
  evaluateTraining?(estimates: readonly ReadonlyVector[]): Evaluation | Promise<Evaluation>;
  /**
   * The same on these training examples, with classes where there are some: what clients are evaluated by, each on its own. Left out: the
   * clients' losses alone are known.
   */
  evaluateExamples?(estimates: readonly ReadonlyVector[], examples: Uint32Array): Evaluation | Promise<Evaluation>;
  /** Live tensors on the device; 0 without a device. Constant after every round. */
  tensorCount(): number;
}
