import { z } from 'zod';
import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface AdagradSettings {
  readonly learningRate: ScheduleSpec;
  readonly epsilon: number;
  /** Value the sum of squares starts from, for every entry. */
  readonly initialSquareSum: number;
}

export interface AdagradState {
  readonly step: number;
  readonly squareSum: Vector;
}

const schema: z.ZodType<AdagradSettings> = z.strictObject({
  learningRate: scheduleSpec,
  epsilon: z.number().nonnegative(),
  initialSquareSum: z.number().nonnegative(),
});

/** s += g^2; w -= rate g / (sqrt(s) + epsilon), entry by entry. An entry whose root is 0 stays. */
const adagrad: OptimizerFamily<AdagradSettings, AdagradState> = {
  name: 'adagrad',
  source: 'Duchi, Hazan and Singer, "Adaptive Subgradient Methods", 2011, diagonal form [M].',
  defaults: { learningRate: 0.1, epsilon: 1e-10, initialSquareSum: 0 },
  create(settings) {
    const { learningRate, epsilon, initialSquareSum } = checkSettings("optimizer 'adagrad'", schema, settings);
    const rateAt = scheduleOf(learningRate);
    return {
      init: (length, precision = 'float64') => ({
        step: 0,
        squareSum: zeros(length, precision).fill(initialSquareSum),
      }),
      update(gradient, { step, squareSum }, params) {
        const rate = rateAt(step);
        const next = zerosLike(params);
        const nextSum = zerosLike(squareSum);
        for (let i = 0; i < next.length; i++) {
          const g = gradient[i]!;
          const sum = squareSum[i]! + g * g;
          nextSum[i] = sum;
          const root = Math.sqrt(sum) + epsilon;
          next[i] = root === 0 ? params[i]! : params[i]! - (rate * g) / root;
        }
        return [next, { step: step + 1, squareSum: nextSum }];
      },
    };
  },
};

export default adagrad;
