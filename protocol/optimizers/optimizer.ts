import type { ReadonlyVector, Segment, Vector } from '../method.js';

/** What moves parameters along a gradient: a pair of pure functions. State is plain data. */
export interface Optimizer<S> {
  init(length: number): S;
  /** Returns new parameters and state; changes neither argument. `gradient` points uphill. */
  update(gradient: ReadonlyVector, state: S, params: ReadonlyVector): readonly [params: Vector, state: S];
}

/** The default export of every file of this folder that is an optimizer; the file name is the optimizer's name. */
export interface OptimizerFamily<Settings, S> {
  readonly name: string;
  /** Where the rule is from, and what of it is from memory. */
  readonly source: string;
  readonly defaults: Settings;
  /** `segments`: tensors of the model, for rules that work tensor by tensor. Throws ERR_SCENARIO on bad settings. */
  create(settings: Settings, segments: readonly Segment[]): Optimizer<S>;
}
