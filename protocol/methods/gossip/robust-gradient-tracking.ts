import { defineMethod } from '../../method.js';
import { zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { cumulativeStep, fallingMixing, type Tracked } from './parts/cumulative-tracking.js';
import { mix } from './parts/mix.js';

/**
 * Two time scales, as here, when alpha falls faster than gamma (conditions reconstructed, not checked against the paper: sum gamma = infinity, sum gamma^2 and
 * sum alpha^2 / gamma finite); one when both are c / (k + k0).
 */
const settings = defineSettings({
  stepSize: schedule({ name: 'inverse-power', rate: 1, offset: 21, exponent: 0.9 }, 'alpha_k: step size'),
  mixing: schedule({ name: 'inverse-power', rate: 1, offset: 2, exponent: 0.6 }, 'gamma_k, the damping of W'),
  ...gradientSettings,
}).and(fallingMixing);

export default defineMethod({
  name: 'robust-gradient-tracking',
  paper: {
    title:
      'Gradient-Tracking-Based Distributed Optimization with Guaranteed Optimality under Noisy Information Sharing',
    url: 'https://arxiv.org/abs/2210.00551',
    algorithm: 'robust gradient tracking with a cumulative tracker',
    reconstruction: 'only the abstract was read: the recursion is a reconstruction in the style of that paper',
  },
  settings,
  measures: ['trackedGradientSquared'],
  messages: { iterate: { from: 'clients', to: 'peers', vectors: ['x', 's'], lossy: 'unbiased' } },
  client: ({ hyperparameters: { stepSize, mixing } }) => {
    const mixingAt = scheduleOf(mixing);
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Tracked => ({ x: initialParams, s: zerosLike(initialParams) }),
      async round(state, at): Promise<Tracked> {
        const gradient = await gradientOn(at, state.x, minibatch(at));
        at.post('iterate', at.links.outNeighbors, { x: state.x, s: state.s });
        const received = await at.take('iterate');
        const aggregates = {
          x: mix(received, at.links, state.x, (message) => (message.from === at.self ? state.x : message.x)),
          s: mix(received, at.links, state.s, (message) => (message.from === at.self ? state.s : message.s)),
        };
        const { trackedGradientSquared, ...next } = cumulativeStep(
          state,
          aggregates,
          gradient,
          mixingAt(at.index),
          stepAt(at.index),
        );
        at.measure('trackedGradientSquared', trackedGradientSquared);
        return next;
      },
      estimates: ({ x }) => [x],
    };
  },
});
