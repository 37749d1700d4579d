import { defineSampler } from '../../method.js';
import { startsOfChains } from './parts/chains.js';
import { langevin } from './parts/kernels.js';
import {
  coordinateVisits,
  hostVisits,
  sendSize,
  startTravelling,
  VISIT_MEASURES,
  VISIT_MESSAGES,
  visitCohort,
  visitSettings,
} from './parts/visits.js';

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
  client: {
    init: () => null,
    async round(state, at) {
      if (at.index === 0) sendSize(at);
      await hostVisits(at, langevin(at.hyperparameters.stepSize), null);
      return state;
    },
  },
  coordinator: {
    init: (setup) => startTravelling(startsOfChains(setup, 0), setup.clientCount),
    round: coordinateVisits,
    estimates: ({ states }) => states,
    draws: ({ draws }) => draws,
  },
});
