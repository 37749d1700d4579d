import { defineSampler } from '../../method.js';
import { decay, positive } from '../../settings/kinds.js';
import type { SettingsOf } from '../../settings/settings.js';
import { startsOfChains } from './parts/chains.js';
import type { Surrogates } from './parts/conducive.js';
import {
  CONDUCIVE_VISIT_MESSAGES,
  conduciveVisitSettings,
  coordinateConduciveVisits,
  hostConduciveVisits,
} from './parts/conducive-sampler.js';
import { conduciveSettings } from './parts/conducive-settings.js';
import { preconditioned } from './parts/kernels.js';
import { startTravelling, type TravellingChains, VISIT_MEASURES, visitCohort } from './parts/visits.js';

const settings = conduciveVisitSettings.with({
  conduciveWeight: { ...conduciveSettings.conduciveWeight, byDefault: 0 },
  decay: decay(0.99, 'lambda: decay factor of the running mean of squared gradients'),
  epsilon: positive(1e-5, 'Added to its root'),
});
type Settings = SettingsOf<typeof settings>;

export default defineSampler<Settings, typeof CONDUCIVE_VISIT_MESSAGES, Surrogates | null, TravellingChains>({
  name: 'psgld',
  paper: {
    title: 'Preconditioned Stochastic Gradient Langevin Dynamics for Deep Neural Networks',
    url: 'https://arxiv.org/abs/1512.07666',
    algorithm: 'Algorithm 1 without the term Gamma',
    reconstruction:
      'Reconstructed, not checked against the paper. The paper has one data set; here the chain travels with its preconditioner, and the gradient is the estimate of DSGLD on one shard, or with conduciveWeight that of FSGLD.',
  },
  settings,
  measures: [...VISIT_MEASURES, 'modeSlope'],
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
