import { defineSampler } from '../../method.js';
import { decay, positive } from '../../settings/kinds.js';
import type { SettingsOf } from '../../settings/settings.js';
import { conduciveVisitSettings } from './parts/conducive-sampler.js';
import { conduciveSettings } from './parts/conducive-settings.js';
import type { Kernel } from './parts/kernels.js';
import { travellingSampler } from './parts/travelling-sampler.js';

const settings = conduciveVisitSettings.with({
  conduciveWeight: { ...conduciveSettings.conduciveWeight, byDefault: 0 },
  decay: decay(0.99, 'lambda: decay factor of the running mean of squared gradients'),
  epsilon: positive(1e-5, 'Added to its root'),
});
type Settings = SettingsOf<typeof settings>;

/**
 * A step of a chain, algorithm 1 without the term Gamma_i = d G_i / d theta_i, which leaves a small bias:
 *
 *   V <- lambda V + (1 - lambda) gbar^2,  G = 1 / (epsilon + sqrt V)
 *   theta <- theta + (h/2) G drift + N(0, h G)
 *
 * with gbar the batch's mean gradient, and `drift` the estimate of the log-posterior's gradient on the shard (FSGLD's).
 */
function step({ stepSize, decay, epsilon }: Settings): Kernel {
  return {
    auxiliaryVectors: 1,
    step(state, drift, meanGradient, noise, at) {
      const d = drift.length;
      for (let i = 0; i < d; i++) {
        const gradient = meanGradient[i]!;
        const second = decay * state[d + i]! + (1 - decay) * gradient * gradient;
        state[d + i] = second;
        const scale = stepSize / (epsilon + Math.sqrt(second));
        state[i] = state[i]! + 0.5 * scale * drift[i]! + Math.sqrt(scale) * noise[at + i]!;
      }
    },
  };
}

export default defineSampler({
  name: 'psgld',
  paper: {
    title: 'Preconditioned Stochastic Gradient Langevin Dynamics for Deep Neural Networks',
    url: 'https://arxiv.org/abs/1512.07666',
    algorithm: 'Algorithm 1 without the term Gamma',
    reconstruction:
      'Reconstructed, not checked against the paper. The paper has one data set; here the chain travels with its preconditioner, and the gradient is the estimate of DSGLD on one shard, or with conduciveWeight that of FSGLD.',
  },
  settings,
  ...travellingSampler(step),
});
