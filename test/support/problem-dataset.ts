import type { Dataset } from '../../worker/datasets/dataset.js';
import {
  type GaussianProblem,
  modelObservations,
  problemModel,
} from '../../worker/objectives/log-posterior/gaussian-problems.js';

/**
 * The problem as a data set whose groups are its shards, so that splitting by group gives every client one of them.
 * Features are rounded to float32 as in any data set; the objective works with the exact statistics. Nothing is held
 * out.
 */
export function problemDataset(problem: GaussianProblem): Dataset {
  const model = problemModel(problem);
  const { values, groups } = modelObservations(model);
  const none = { labels: new Int32Array(0), targets: new Float64Array(0) };
  return {
    name: `gaussian-mean ${problem}`,
    source: 'drawn by this program from given shard statistics',
    featureShape: [model.prior.eta.length],
    classCount: 0,
    train: {
      count: groups.length,
      features: Float32Array.from(values),
      labels: none.labels,
      targets: new Float64Array(groups.length),
    },
    test: { count: 0, features: new Float32Array(0), ...none },
    groups,
    groupNames: model.shards.map((_, s) => `shard ${s}`),
  };
}
