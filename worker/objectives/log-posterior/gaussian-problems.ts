import type { GaussianModel } from '../../../protocol/bayesian/gaussian-model.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import {
  drawFiftyDimensions,
  drawGaussianMeanSetting,
  drawObservations,
  ONE_DIMENSIONAL,
  UNEQUAL_CURVATURE,
} from './gaussian-experiments.js';

/** Gaussian-mean problems with given shard statistics. Their data are the same in every run, whatever its seed. */
export const GAUSSIAN_PROBLEMS = [
  'unequal-curvature',
  'one-dimensional',
  'published-setting',
  'fifty-dimensional',
] as const;
export type GaussianProblem = (typeof GAUSSIAN_PROBLEMS)[number];

const stream = rootStream(1, 'float64');

/** The problem's prior and shard statistics: what the exact laws take. */
export function problemModel(problem: GaussianProblem): GaussianModel {
  switch (problem) {
    case 'unequal-curvature':
      return UNEQUAL_CURVATURE;
    case 'one-dimensional':
      return ONE_DIMENSIONAL;
    case 'published-setting':
      return drawGaussianMeanSetting(stream.derive('published-setting'));
    case 'fifty-dimensional':
      return drawFiftyDimensions(stream.derive('fifty-dimensional'));
  }
}

/** Observations of a model, shard after shard, row by row in float64, and the shard of each. */
export function modelObservations(model: GaussianModel): {
  readonly values: Float64Array;
  readonly groups: Int32Array;
} {
  const dimension = model.prior.eta.length;
  const count = model.shards.reduce((sum, shard) => sum + shard.exampleCount, 0);
  const values = new Float64Array(count * dimension);
  const groups = new Int32Array(count);
  let start = 0;
  for (const [s, shard] of model.shards.entries()) {
    values.set(drawObservations(shard, stream.derive('observations', s)), start * dimension);
    groups.fill(s, start, start + shard.exampleCount);
    start += shard.exampleCount;
  }
  return { values, groups };
}
