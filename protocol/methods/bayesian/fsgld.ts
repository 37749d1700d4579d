import { defineSampler } from '../../method.js';
import { startsOfChains } from './parts/chains.js';
import type { Surrogates } from './parts/conducive.js';
import {
  CONDUCIVE_VISIT_MESSAGES,
  type ConduciveVisitSettings,
  conduciveVisitSettings,
  coordinateConduciveVisits,
  hostConduciveVisits,
} from './parts/conducive-sampler.js';
import { langevin } from './parts/kernels.js';
import { startTravelling, type TravellingChains, VISIT_MEASURES, visitCohort } from './parts/visits.js';

export default defineSampler<
  ConduciveVisitSettings,
  typeof CONDUCIVE_VISIT_MESSAGES,
  Surrogates | null,
  TravellingChains
>({
  name: 'fsgld',
  paper: {
    title: 'Federated Stochastic Gradient Langevin Dynamics',
    url: 'https://proceedings.mlr.press/v161/mekkaoui21a.html',
    algorithm: 'FSGLD, eq. 5; with another conduciveWeight eq. 7; with 0 DSGLD',
  },
  settings: conduciveVisitSettings,
  measures: [...VISIT_MEASURES, 'modeSlope'],
  messages: CONDUCIVE_VISIT_MESSAGES,
  cohort: visitCohort,
  client: {
    init: () => null,
    round: (surrogates, at) => hostConduciveVisits(surrogates, at, langevin(at.hyperparameters.stepSize)),
  },
  coordinator: {
    init: (setup) => startTravelling(startsOfChains(setup, 0), setup.clientCount),
    round: coordinateConduciveVisits,
    estimates: ({ states }) => states,
    draws: ({ draws }) => draws,
  },
});
