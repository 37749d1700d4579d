import { defineMethod, type ReadonlyVector, type Vector } from '../../method.js';
import { zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { count } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { cumulativeStep, fallingMixing, type Tracked } from './parts/cumulative-tracking.js';
import {
  type Aggregation,
  aggregate,
  combinedKind,
  FORMER_AGGREGATION_NAMES,
  NO_AGGREGATION,
} from './parts/variance-reduced-aggregation.js';

interface Peer extends Tracked {
  readonly aggregation: Aggregation;
  /** Hybrid estimate of the gradient at `estimatedAt`; null before the first round. */
  readonly estimate: Vector | null;
  readonly estimatedAt: Vector;
}

const settings = defineSettings({
  // See vra-dgt for the three schedules.
  stepSize: schedule({ name: 'inverse-power', rate: 2, offset: 41 }, 'alpha_k: step size'),
  mixing: schedule({ name: 'inverse-power', rate: 20, offset: 41 }, 'gamma_k, the damping of W'),
  aggregationWeight: schedule({ name: 'inverse-power', rate: 20, offset: 41 }, 'beta_k, the weight of a new message'),
  estimateWeight: schedule(
    null,
    'Weight of a fresh stochastic gradient in the hybrid estimate; null: that of a new message',
  ),
  ...gradientSettings,
  startBatchSize: count(null, 'Examples of the first estimate; null: all of the shard'),
}).and(fallingMixing);

/** v = G(x) + (1 - beta) (v - G(previous x)), both stochastic gradients on one batch. */
function hybridEstimate(fresh: ReadonlyVector, old: ReadonlyVector, estimate: ReadonlyVector, beta: number): Vector {
  const result = zerosLike(fresh);
  for (let i = 0; i < result.length; i++) result[i] = fresh[i]! + (1 - beta) * (estimate[i]! - old[i]!);
  return result;
}

export default defineMethod({
  name: 'vra-dsgt',
  paper: {
    title: 'Efficient Gradient Tracking Algorithms for Distributed Optimization Problems with Inexact Communication',
    url: 'https://arxiv.org/abs/2501.05737',
    algorithm: 'VRA-DSGT',
    reconstruction:
      'only the abstract was read: recursion, aggregation and schedules are a reconstruction; the hybrid estimate is reconstructed, not checked against its paper; ' +
      'its numbers are not those of the authors',
  },
  settings,
  measures: ['trackedGradientSquared'],
  messages: { combined: combinedKind },
  client: ({ hyperparameters: { stepSize, mixing, aggregationWeight, estimateWeight, startBatchSize } }) => {
    const weightAt = scheduleOf(aggregationWeight);
    const freshShareAt = scheduleOf(estimateWeight ?? aggregationWeight);
    const mixingAt = scheduleOf(mixing);
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({
        x: initialParams,
        s: zerosLike(initialParams),
        aggregation: NO_AGGREGATION,
        estimate: null,
        estimatedAt: initialParams,
      }),
      async round(state, at): Promise<Peer> {
        const { x, s, estimate, estimatedAt } = state;
        const beta = Math.min(1, weightAt(at.index));
        const freshShare = Math.min(1, freshShareAt(at.index));
        const { exampleCount } = at.objective;
        const batch = estimate ? minibatch(at) : at.rng.batch(exampleCount, startBatchSize ?? exampleCount);
        const fresh = await gradientOn(at, x, batch);
        const gradient = estimate
          ? hybridEstimate(fresh, await gradientOn(at, estimatedAt, batch), estimate, freshShare)
          : fresh;
        const { aggregation, of } = await aggregate(state.aggregation, { x, s }, beta, at);
        const { trackedGradientSquared, ...next } = cumulativeStep(
          { x, s },
          of,
          gradient,
          mixingAt(at.index),
          stepAt(at.index),
        );
        at.measure('trackedGradientSquared', trackedGradientSquared);
        return { ...next, aggregation, estimate: gradient, estimatedAt: x };
      },
      estimates: ({ x }) => [x],
      formerNames: FORMER_AGGREGATION_NAMES,
    };
  },
});
