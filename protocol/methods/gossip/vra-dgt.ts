import { defineMethod } from '../../method.js';
import { zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
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
}

/**
 * alpha_k, gamma_k and beta_k: one time scale, c / (k + k0) each. The mean square falls like k^-min(1, 2 lambda) with lambda from c
 * times the smallest Laplacian eigenvalue (2 to 4 and more are needed) and from alpha's constant times the strong convexity
 * (above 1/2).
 */
const settings = defineSettings({
  stepSize: schedule({ name: 'inverse-power', rate: 2, offset: 41 }, 'alpha_k: step size'),
  mixing: schedule({ name: 'inverse-power', rate: 20, offset: 41 }, 'gamma_k, the damping of W'),
  aggregationWeight: schedule(
    { name: 'inverse-power', rate: 20, offset: 41 },
    'beta_k, the weight of a new message; above 1 counts as 1, which is no variance reduction',
  ),
  ...gradientSettings,
}).and(fallingMixing);

export default defineMethod({
  name: 'vra-dgt',
  paper: {
    title: 'Efficient Gradient Tracking Algorithms for Distributed Optimization Problems with Inexact Communication',
    url: 'https://arxiv.org/abs/2501.05737',
    algorithm: 'VRA-DGT',
    reconstruction:
      'only the abstract was read: recursion, aggregation and schedules are a reconstruction that shows the claimed rate in tests; ' +
      'its numbers are not those of the authors',
  },
  settings,
  measures: ['trackedGradientSquared'],
  messages: { combined: combinedKind },
  client: ({ hyperparameters: { stepSize, mixing, aggregationWeight } }) => {
    const weightAt = scheduleOf(aggregationWeight);
    const mixingAt = scheduleOf(mixing);
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({
        x: initialParams,
        s: zerosLike(initialParams),
        aggregation: NO_AGGREGATION,
      }),
      async round(state, at): Promise<Peer> {
        const gradient = await gradientOn(at, state.x, minibatch(at));
        const beta = Math.min(1, weightAt(at.index));
        const own = { x: state.x, s: state.s };
        const { aggregation, of } = await aggregate(state.aggregation, own, beta, at);
        const { trackedGradientSquared, ...next } = cumulativeStep(
          own,
          of,
          gradient,
          mixingAt(at.index),
          stepAt(at.index),
        );
        at.measure('trackedGradientSquared', trackedGradientSquared);
        return { ...next, aggregation };
      },
      estimates: ({ x }) => [x],
      formerNames: FORMER_AGGREGATION_NAMES,
    };
  },
});
