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

/**
 * SGHMC (Chen, Fox, Guestrin, ICML 2014, eq. 15): v <- (1 - a) v + eta drift + N(0, 2 (a - b) eta); theta <- theta + v.
 * `learningRate`: eta. `friction`: a, one less the momentum. `noiseEstimate`: b = eta V / 2 with V the variance of the
 * gradient's noise, at most a.
 */
export function stochasticHmc(learningRate: number, friction: number, noiseEstimate: number): Kernel {
  const stddev = Math.sqrt(2 * (friction - noiseEstimate) * learningRate);
  return {
    auxiliaryVectors: 1,
    step(state, drift, _meanGradient, noise, at) {
      const d = drift.length;
      for (let i = 0; i < d; i++) {
        const momentum = (1 - friction) * state[d + i]! + learningRate * drift[i]! + stddev * noise[at + i]!;
        state[d + i] = momentum;
        state[i] = state[i]! + momentum;
      }
    },
  };
}

/**
 * pSGLD (Li, Chen, Carlson, Carin, AAAI 2016): V <- lambda V + (1 - lambda) gbar^2 with gbar the batch's mean gradient, G =
 * 1 / (epsilon + sqrt V), theta <- theta + (h/2) G drift + N(0, h G). The term Gamma_i = d G_i / d theta_i is left out, as
 * its authors do; that leaves a small bias.
 */
export function preconditioned(stepSize: number, decay: number, epsilon: number): Kernel {
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
