/** Objectives of one's own: a model and its loss on every client's data. */

export type { LogPosterior, Objective } from '../../protocol/method.js';
export {
  cosineOfTurns,
  exp,
  log,
  log1p,
  sigmoid,
  sineOfTurns,
  softplus,
  tanh,
} from '../../protocol/numerics/elementary.js';
export type { Dataset, Examples } from '../../worker/datasets/dataset.js';
export { rowOf } from '../../worker/datasets/stored-rows.js';
export type { ComputeReport, Evaluation, ObjectiveFamily } from '../../worker/objectives/family.js';
export {
  type BuiltLayer,
  defineLayer,
  type LayerFamily,
  type LayerPass,
  type LayerSite,
  layer,
  type Parameter,
} from '../../worker/objectives/layers/parts/layer.js';
export type { Operations, Value } from '../../worker/objectives/layers/parts/operations.js';
export { type ExampleLoss, perExample } from '../../worker/objectives/per-example.js';
export {
  defineObjective,
  featureCountOf,
  type ObjectiveDefinition,
  type ObjectiveRequest,
  requireDataset,
} from '../../worker/objectives/request.js';
export * from './settings.js';
export * from './vectors.js';
