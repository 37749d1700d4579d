import type { Precision, ReadonlyVector, Segment, Vector } from '../method.js';
import { extension } from '../settings/extension.js';
import type { Settings } from '../settings/settings.js';

/** What a few rules need besides the mean gradient. Which rule needs what: `Optimizer.needs`. */
export interface Evidence {
  /** Gradient of the current batch at the previous parameters. */
  readonly gradientAtPrevious?: ReadonlyVector;
  /** Gradient at the current parameters from examples that the first gradient did not see. */
  readonly independentGradient?: ReadonlyVector;
  /** Cluster (class, client group) that the current batch was drawn from. */
  readonly cluster?: number;
  /** In place of `cluster` where several were drawn from: each one's mean gradient and its share of the batch, once a cluster. */
  readonly clusters?: readonly ClusterGradient[];
}

/** The part of a batch that was drawn from one cluster. */
export interface ClusterGradient {
  readonly cluster: number;
  /** In (0, 1]; all of a batch add up to 1. */
  readonly share: number;
  readonly gradient: ReadonlyVector;
}

/** What moves parameters along a gradient: a pair of pure functions. State is plain data. */
export interface Optimizer<S> {
  /** `precision`: of the vectors in the state, that of the run; left out, float64. */
  init(length: number, precision?: Precision): S;
  /** Returns new parameters and state; changes no argument. `gradient` points uphill. */
  update(
    gradient: ReadonlyVector,
    state: S,
    params: ReadonlyVector,
    evidence?: Evidence,
  ): readonly [params: Vector, state: S];
  /** Evidence without which `update` throws ('cluster' may also come as `clusters`). Left out: none. */
  readonly needs?: readonly (keyof Evidence)[];
  /** Steps are divided by the root of a running mean of squared gradients. Left out: they are not. */
  readonly usesSecondMoment?: true;
  /**
   * `gradient` as such a rule would scale it, entry by entry, without momentum; in place, the state stays. Left out: the rule
   * scales no entry by itself, or only in an unknown way.
   */
  precondition?(gradient: Float64Array, state: S): void;
}

/** The default export of every file of this folder that is an optimizer; the file name is the optimizer's name. */
export interface OptimizerFamily<S extends object, State> {
  readonly name: string;
  /** The paper of the rule, and the parts not checked against it. */
  readonly source: string;
  readonly settings: Settings<S>;
  /** `segments`: tensors of the model, for rules that work tensor by tensor. */
  create(settings: S, segments: readonly Segment[]): Optimizer<State>;
}

/** Any optimizer, for code that runs one without knowing its types. */
// biome-ignore lint/suspicious/noExplicitAny: the table holds families of every settings and state type.
export type AnyOptimizerFamily = OptimizerFamily<any, any>;

/** An optimizer that settings can name. The same value, marked as an optimizer. */
export function defineOptimizer<S extends object, State>(family: OptimizerFamily<S, State>): OptimizerFamily<S, State> {
  return extension('optimizer', family);
}
