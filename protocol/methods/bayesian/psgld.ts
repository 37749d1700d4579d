import { GradswarmError } from '../../errors.js';
import { defineSampler } from '../../method.js';
import { requireNonNegative, requirePositive } from '../../numerics/settings.js';
import { startsOfChains } from './parts/chains.js';
import type { Surrogates } from './parts/conducive.js';
import {
  CONDUCIVE_VISIT_MESSAGES,
  type ConduciveVisitSettings,
  checkConduciveVisits,
  conduciveVisitDefaults,
  coordinateConduciveVisits,
  hostConduciveVisits,
} from './parts/conducive-sampler.js';
import { preconditioned } from './parts/kernels.js';
import { startTravelling, type TravellingChains, visitCohort } from './parts/visits.js';

interface Settings extends ConduciveVisitSettings {
  /** lambda, in [0, 1). */
  readonly decay: number;
  readonly epsilon: number;
}

export default defineSampler<Settings, typeof CONDUCIVE_VISIT_MESSAGES, Surrogates | null, TravellingChains>({
  name: 'psgld',
  paper: {
    title: 'Preconditioned Stochastic Gradient Langevin Dynamics for Deep Neural Networks',
    url: 'https://arxiv.org/abs/1512.07666',
    algorithm: 'Algorithm 1 without the term Gamma',
    reconstruction:
      'Written from memory. The paper has one data set; here the chain travels with its preconditioner, and the gradient is the estimate of DSGLD on one shard, or with conduciveWeight that of FSGLD.',
  },
  defaults: { ...conduciveVisitDefaults, conduciveWeight: 0, decay: 0.99, epsilon: 1e-5 },
  check(settings) {
    checkConduciveVisits(settings);
    requireNonNegative('method.decay', settings.decay);
    requirePositive('method.epsilon', settings.epsilon);
    if (settings.decay >= 1)
      throw new GradswarmError('ERR_SCENARIO', `method.decay: expected a number below 1, got ${settings.decay}`);
  },
  messages: CONDUCIVE_VISIT_MESSAGES,
  cohort: visitCohort,
  client: {
    init: () => null,
    round(surrogates, at) {
      const { stepSize, decay, epsilon } = at.hyperparameters;
      return hostConduciveVisits(surrogates, at, preconditioned(stepSize, decay, epsilon));
    },
  },
  coordinator: {
    init: (setup) => startTravelling(startsOfChains(setup, 1), setup.clientCount),
    round: coordinateConduciveVisits,
    // The second half of a state is the running mean of squared gradients.
    estimates: ({ states }) => states.map((state) => state.subarray(0, state.length / 2)),
    draws: ({ draws }) => draws,
  },
});
