import { defineSampler } from '../../method.js';
import { atLeastZero, fraction, positive } from '../../settings/kinds.js';
import type { SettingsOf } from '../../settings/settings.js';
import { conduciveVisitSettings } from './parts/conducive-sampler.js';
import { conduciveSettings } from './parts/conducive-settings.js';
import type { Kernel } from './parts/kernels.js';
import { travellingSampler } from './parts/travelling-sampler.js';

const settings = conduciveVisitSettings
  .with({
    stepSize: positive(1e-5, 'eta, the learning rate'),
    conduciveWeight: { ...conduciveSettings.conduciveWeight, byDefault: 0 },
    friction: fraction(0.1, 'a: one less the momentum'),
    noiseEstimate: atLeastZero(
      0,
      "b = eta V / 2 for a known part V of the gradient's noise variance; it is subtracted from the injected noise",
    ),
  })
  .and(({ friction, noiseEstimate }) =>
    noiseEstimate <= friction ? null : { at: 'noiseEstimate', expected: `at most friction = ${friction}` },
  );
type Settings = SettingsOf<typeof settings>;

/**
 * A step of a chain, eq. 15:
 *
 *   v <- (1 - a) v + eta drift + N(0, 2 (a - b) eta)
 *   theta <- theta + v
 *
 * with `drift` the estimate of the log-posterior's gradient on the shard (FSGLD's).
 */
export function stochasticHmc({
  stepSize: eta,
  friction,
  noiseEstimate,
}: Pick<Settings, 'stepSize' | 'friction' | 'noiseEstimate'>): Kernel {
  const stddev = Math.sqrt(2 * (friction - noiseEstimate) * eta);
  return {
    auxiliaryVectors: 1,
    step(state, drift, _meanGradient, noise, at) {
      const d = drift.length;
      for (let i = 0; i < d; i++) {
        const momentum = (1 - friction) * state[d + i]! + eta * drift[i]! + stddev * noise[at + i]!;
        state[d + i] = momentum;
        state[i] = state[i]! + momentum;
      }
    },
  };
}

export default defineSampler({
  name: 'sghmc',
  paper: {
    title: 'Stochastic Gradient Hamiltonian Monte Carlo',
    url: 'https://proceedings.mlr.press/v32/cheni14.html',
    algorithm: 'eq. 15, learning rate and momentum form',
    reconstruction:
      'The paper has one data set. Here the chain travels with its momentum, and the gradient is the estimate of DSGLD on one shard, or with conduciveWeight that of FSGLD.',
  },
  settings,
  ...travellingSampler<Settings>(stochasticHmc),
});
