import { zerosLike } from '../../numerics/vector.js';
import type { ScheduleSpec } from '../../schedules/schedule.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { atLeastZero, decay, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { type AnyOptimizerFamily, defineOptimizer } from '../optimizer.js';
import { nextMoments, zeroMoments } from './moments.js';

/** The second moment after one more squared update. */
export type SquareRule = (square: number, updateSquare: number, beta2: number) => number;

/**
 * m = beta1 m + (1 - beta1) D; v by `rule`; w += rate m / (sqrt(v) + tau), without bias correction. D is the mean client
 * update, that is minus the `gradient` handed in.
 */
export function serverMoments(
  name: string,
  rule: SquareRule,
  defaults: { readonly learningRate: ScheduleSpec; readonly beta1: number },
  /** False: the second moment is a sum. */
  forgets = true,
): AnyOptimizerFamily {
  const settings = defineSettings({
    learningRate: schedule(defaults.learningRate, 'Step size of each update'),
    beta1: decay(defaults.beta1, 'Decay factor of the running mean of the update'),
    beta2: decay(0.99, 'Decay factor of the second moment; not used by FedAdagrad'),
    tau: positive(1e-3, 'Degree of adaptivity: added to the root'),
    initialSquare: atLeastZero(null, 'Start of the second moment; null: tau^2, the smallest the paper allows'),
  });
  return defineOptimizer({
    name,
    source:
      'Reddi et al., "Adaptive Federated Optimization", 2021, algorithm 2; initial second moment and defaults not checked against the paper.',
    settings,
    create(checked) {
      const { beta1, beta2, tau } = checked;
      const rateAt = scheduleOf(checked.learningRate);
      const initialSquare = checked.initialSquare ?? tau * tau;
      return {
        ...(forgets && { usesSecondMoment: true as const }),
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
  });
}
