import { defineSampler } from '../../method.js';
import { type ConduciveVisitSettings, conduciveVisitSettings } from './parts/conducive-sampler.js';
import type { Kernel } from './parts/kernels.js';
import { travellingSampler } from './parts/travelling-sampler.js';

/**
 * A step of a chain on shard s, eq. 5:
 *
 *   theta <- theta + (h/2) (v_s + alpha g_s) + N(0, h I)
 *   v_s = grad ln p(theta) + (N_s / (f_s m)) sum over a batch of grad ln p(x | theta)
 *   g_s = grad ln q(theta) - (1 / f_s) grad ln q_s(theta)
 *
 * with f_s the share of steps on shard s, q_s the surrogate of its likelihood and q the product of all surrogates: g_s has
 * mean 0 over the shards and cancels the drift of v_s towards its shard. `drift` is v_s + alpha g_s.
 */
function step({ stepSize: h }: ConduciveVisitSettings): Kernel {
  const stddev = Math.sqrt(h);
  return {
    auxiliaryVectors: 0,
    step(theta, drift, _meanGradient, noise, at) {
      for (let i = 0; i < drift.length; i++) theta[i] = theta[i]! + (h / 2) * drift[i]! + stddev * noise[at + i]!;
    },
  };
}

export default defineSampler({
  name: 'fsgld',
  paper: {
    title: 'Federated Stochastic Gradient Langevin Dynamics',
    url: 'https://proceedings.mlr.press/v161/mekkaoui21a.html',
    algorithm: 'FSGLD, eq. 5; with another conduciveWeight eq. 7; with 0 DSGLD',
  },
  settings: conduciveVisitSettings,
  ...travellingSampler(step),
});
