import { z } from 'zod';
import { zerosLike } from '../../numerics/vector.js';
import { checkSettings } from '../../settings-check.js';
import type { OptimizerFamily } from '../optimizer.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from '../schedules.js';
import { decayFactor, type Moments, nextMoments, zeroMoments } from './moments.js';

/** Settings of FedAdagrad, FedAdam and FedYogi, in the letters of the paper: beta1, beta2, tau. */
export interface ServerMomentsSettings {
  readonly learningRate: ScheduleSpec;
  readonly beta1: number;
  /** Not used by FedAdagrad. */
  readonly beta2: number;
  /** Degree of adaptivity: added to the root. */
  readonly tau: number;
  /** Start of the second moment; null: tau^2, the smallest the paper allows. */
  readonly initialSquare: number | null;
}

const schema: z.ZodType<ServerMomentsSettings> = z.strictObject({
  learningRate: scheduleSpec,
  beta1: decayFactor,
  beta2: decayFactor,
  tau: z.number().positive(),
  initialSquare: z.number().nonnegative().nullable(),
});

/** The second moment after one more squared update. */
export type SquareRule = (square: number, updateSquare: number, beta2: number) => number;

/**
 * m = beta1 m + (1 - beta1) D; v by `rule`; w += rate m / (sqrt(v) + tau), without bias correction. D is the mean client
 * update, that is minus the `gradient` handed in.
 */
export function serverMoments(
  name: string,
  rule: SquareRule,
  defaults: ServerMomentsSettings,
): OptimizerFamily<ServerMomentsSettings, Moments> {
  return {
    name,
    source:
      'Reddi et al., "Adaptive Federated Optimization", 2021, algorithm 2; initial second moment and defaults [M].',
    defaults,
    create(settings) {
      const checked = checkSettings(`optimizer '${name}'`, schema, settings);
      const { beta1, beta2, tau } = checked;
      const rateAt = scheduleOf(checked.learningRate);
      const initialSquare = checked.initialSquare ?? tau * tau;
      return {
        init: (length, precision) => zeroMoments(length, precision, initialSquare),
        update(gradient, state, params) {
          const rate = rateAt(state.step);
          const into = nextMoments(state);
          const next = zerosLike(params);
          for (let i = 0; i < next.length; i++) {
            const g = gradient[i]!;
            const mean = beta1 * state.mean[i]! + (1 - beta1) * g;
            const square = rule(state.square[i]!, g * g, beta2);
            into.mean[i] = mean;
            into.square[i] = square;
            next[i] = params[i]! - (rate * mean) / (Math.sqrt(square) + tau);
          }
          return [next, into];
        },
      };
    },
  };
}
