import { z } from 'zod';
import { integerPower } from '../numerics/powers.js';
import { zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { decayFactor, type Moments, nextMoments, zeroMoments } from './parts/moments.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface YogiSettings {
  readonly learningRate: ScheduleSpec;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Divide the running means by 1 - beta^t; the paper does not. */
  readonly biasCorrection: boolean;
  /** Value the second moment starts from, for every entry. */
  readonly initialSquare: number;
}

const schema: z.ZodType<YogiSettings> = z.strictObject({
  learningRate: scheduleSpec,
  beta1: decayFactor,
  beta2: decayFactor,
  epsilon: z.number().positive(),
  biasCorrection: z.boolean(),
  initialSquare: z.number().nonnegative(),
});

/** Adam whose second moment moves by at most (1 - beta2) g^2 a step: v -= (1 - beta2) g^2 sign(v - g^2). */
const yogi: OptimizerFamily<YogiSettings, Moments> = {
  name: 'yogi',
  source: 'Zaheer et al., "Adaptive Methods for Nonconvex Optimization", 2018, algorithm 2; defaults [M].',
  defaults: {
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-3,
    biasCorrection: false,
    initialSquare: 1e-6,
  },
  create(settings) {
    const checked = checkSettings("optimizer 'yogi'", schema, settings);
    const { beta1, beta2, epsilon } = checked;
    const rateAt = scheduleOf(checked.learningRate);
    return {
      init: (length, precision) => zeroMoments(length, precision, checked.initialSquare),
      update(gradient, state, params) {
        const rate = rateAt(state.step);
        const into = nextMoments(state);
        const next = zerosLike(params);
        const meanCorrection = checked.biasCorrection ? 1 - integerPower(beta1, into.step) : 1;
        const squareCorrection = checked.biasCorrection ? 1 - integerPower(beta2, into.step) : 1;
        for (let i = 0; i < next.length; i++) {
          const g = gradient[i]!;
          const old = state.square[i]!;
          const mean = beta1 * state.mean[i]! + (1 - beta1) * g;
          const square = old - (1 - beta2) * g * g * Math.sign(old - g * g);
          into.mean[i] = mean;
          into.square[i] = square;
          next[i] = params[i]! - (rate * mean) / meanCorrection / (Math.sqrt(square / squareCorrection) + epsilon);
        }
        return [next, into];
      },
    };
  },
};

export default yogi;
