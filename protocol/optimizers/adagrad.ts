import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';

const settings = defineSettings({
  learningRate: schedule(0.1, 'Step size of each update'),
  epsilon: atLeastZero(1e-10, 'Added to the root of the sum'),
  initialSquareSum: atLeastZero(0, 'Value the sum of squares starts from, for every entry'),
});

export type AdagradSettings = SettingsOf<typeof settings>;

export interface AdagradState {
  readonly step: number;
  readonly squareSum: Vector;
}

/** s += g^2; w -= rate g / (sqrt(s) + epsilon), entry by entry. An entry whose root is 0 stays. */
const adagrad = defineOptimizer<AdagradSettings, AdagradState>({
  name: 'adagrad',
  source:
    'Duchi, Hazan and Singer, "Adaptive Subgradient Methods", 2011, diagonal form; reconstructed, not checked against the paper.',
  settings,
  create(settings) {
    const { learningRate, epsilon, initialSquareSum } = settings;
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
});

export default adagrad;
