import { defineSampler } from '../../method.js';
import { atLeastZero, fraction, positive } from '../../settings/kinds.js';
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
import { stochasticHmc } from './parts/kernels.js';
import { startTravelling, type TravellingChains, VISIT_MEASURES, visitCohort } from './parts/visits.js';

const settings = conduciveVisitSettings
  .with({
    stepSize: positive(1e-5, 'eta, the learning rate'),
    conduciveWeight: { ...conduciveSettings.conduciveWeight, byDefault: 0 },
    friction: fraction(0.1, 'a: one less the momentum'),
    noiseEstimate: atLeastZero(
      0,
      "b = eta V / 2, what is known of the gradient's noise variance V; it is taken off the injected noise",
    ),
  })
  .and(({ friction, noiseEstimate }) =>
    noiseEstimate <= friction ? null : { at: 'noiseEstimate', expected: `at most friction = ${friction}` },
  );
type Settings = SettingsOf<typeof settings>;

export default defineSampler<Settings, typeof CONDUCIVE_VISIT_MESSAGES, Surrogates | null, TravellingChains>({
  name: 'sghmc',
  paper: {
    title: 'Stochastic Gradient Hamiltonian Monte Carlo',
    url: 'https://proceedings.mlr.press/v32/cheni14.html',
    algorithm: 'eq. 15, learning rate and momentum form',
    reconstruction:
      'The paper has one data set. Here the chain travels with its momentum, and the gradient is the estimate of DSGLD on one shard, or with conduciveWeight that of FSGLD.',
  },
  settings,
  measures: [...VISIT_MEASURES, 'modeSlope'],
  messages: CONDUCIVE_VISIT_MESSAGES,
  cohort: visitCohort,
  client: {
    init: () => null,
    round(surrogates, at) {
      const { stepSize, friction, noiseEstimate } = at.hyperparameters;
      return hostConduciveVisits(surrogates, at, stochasticHmc(stepSize, friction, noiseEstimate));
    },
  },
  coordinator: {
    init: (setup) => startTravelling(startsOfChains(setup, 1), setup.clientCount),
    round: coordinateConduciveVisits,
    // The second half of a state is the momentum.
    estimates: ({ states }) => states.map((state) => state.subarray(0, state.length / 2)),
    draws: ({ draws }) => draws,
  },
});
