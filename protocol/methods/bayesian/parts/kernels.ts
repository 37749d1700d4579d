import type { ReadonlyVector, Vector } from '../../../method.js';

/**
 * One step of a chain, in place. The state is the position (d numbers), followed by what else the sampler carries from
 * step to step and from shard to shard (momentum, preconditioner), d numbers each.
 */
export interface Kernel {
  readonly auxiliaryVectors: 0 | 1;
  /**
   * `drift`: an estimate of the gradient of the log-posterior. `meanGradient`: that of the batch's mean negative
   * log-likelihood. `noise[at + i]`: this step's standard normals.
   */
  step(state: Vector, drift: ReadonlyVector, meanGradient: ReadonlyVector, noise: ReadonlyVector, at: number): void;
}

/**
 * theta <- theta + (h/2) drift + N(0, h I), the convention of Welling and Teh (ICML 2011): others write gamma = h/2 and
 * noise 2 gamma.
 */
export function langevin(stepSize: number): Kernel {
  const half = stepSize / 2;
  const stddev = Math.sqrt(stepSize);
  return {
    auxiliaryVectors: 0,
    step(state, drift, _meanGradient, noise, at) {
      for (let i = 0; i < drift.length; i++) state[i] = state[i]! + half * drift[i]! + stddev * noise[at + i]!;
    },
  };
}
