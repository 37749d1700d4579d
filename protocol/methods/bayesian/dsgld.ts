import { defineSampler } from '../../method.js';
import { startsOfChains } from './parts/chains.js';
import { coordinateVisits } from './parts/coordinate-visits.js';
import { hostVisits, sendSize } from './parts/host-visits.js';
import type { Kernel } from './parts/kernels.js';
import {
  startTravelling,
  VISIT_MEASURES,
  VISIT_MESSAGES,
  type VisitSettings,
  visitCohort,
  visitSettings,
} from './parts/visits.js';

/**
 * A step of a chain on shard s, eq. 3:
 *
 *   theta <- theta + (h/2) v_s + N(0, h I)
 *   v_s = grad ln p(theta) + (N_s / (f_s m)) sum over a batch of grad ln p(x | theta)
 *
 * with f_s the share of steps on shard s. `drift` is v_s.
 */
function step({ stepSize: h }: VisitSettings): Kernel {
  const stddev = Math.sqrt(h);
  return {
    auxiliaryVectors: 0,
    step(theta, drift, _meanGradient, noise, at) {
      for (let i = 0; i < drift.length; i++) theta[i] = theta[i]! + (h / 2) * drift[i]! + stddev * noise[at + i]!;
    },
  };
}

export default defineSampler({
  name: 'dsgld',
  paper: {
    title: 'Distributed Stochastic Gradient MCMC',
    url: 'https://proceedings.mlr.press/v32/ahn14.html',
    algorithm:
      'DSGLD with trajectory sampling and adaptive load balancing; schedule "permutation" is its scheduler, "categorical" that of FSGLD\'s listing',
  },
  settings: visitSettings,
  measures: VISIT_MEASURES,
  messages: VISIT_MESSAGES,
  cohort: visitCohort,
  client: ({ hyperparameters }) => {
    const kernel = step(hyperparameters);
    return {
      init: () => null,
      async round(state, at) {
        if (at.index === 0) sendSize(at);
        await hostVisits(at, kernel, null);
        return state;
      },
    };
  },
  coordinator: {
    init: (setup) => startTravelling(startsOfChains(setup, 0), setup.clientCount),
    round: coordinateVisits,
    estimates: ({ states }) => states,
    draws: ({ draws }) => draws,
  },
});
