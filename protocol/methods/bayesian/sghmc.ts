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
import { stochasticHmc } from './parts/kernels.js';
import { startTravelling, type TravellingChains, visitCohort } from './parts/visits.js';

interface Settings extends ConduciveVisitSettings {
  /** a: one less the momentum, in (0, 1]. `stepSize` is eta, the learning rate. */
  readonly friction: number;
  /** b = eta V / 2, what is known of the gradient's noise variance V; it is taken off the injected noise. At most a. */
  readonly noiseEstimate: number;
}

export default defineSampler<Settings, typeof CONDUCIVE_VISIT_MESSAGES, Surrogates | null, TravellingChains>({
  name: 'sghmc',
  paper: {
    title: 'Stochastic Gradient Hamiltonian Monte Carlo',
    url: 'https://proceedings.mlr.press/v32/cheni14.html',
    algorithm: 'eq. 15, learning rate and momentum form',
    reconstruction:
      'The paper has one data set. Here the chain travels with its momentum, and the gradient is the estimate of DSGLD on one shard, or with conduciveWeight that of FSGLD.',
  },
  defaults: { ...conduciveVisitDefaults, stepSize: 1e-5, conduciveWeight: 0, friction: 0.1, noiseEstimate: 0 },
  check(settings) {
    checkConduciveVisits(settings);
    requirePositive('method.friction', settings.friction);
    requireNonNegative('method.noiseEstimate', settings.noiseEstimate);
    if (settings.friction > 1 || settings.noiseEstimate > settings.friction)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method: expected noiseEstimate <= friction <= 1, got ${settings.noiseEstimate} and ${settings.friction}`,
      );
  },
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
