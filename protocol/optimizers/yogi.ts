import { integerPower } from '../numerics/powers.js';
import { zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero, flag, positive } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import { type Moments, momentSettings, nextMoments, zeroMoments } from './parts/moments.js';

const settings = defineSettings({
  learningRate: schedule(0.01, 'Step size of each update'),
  ...momentSettings,
  epsilon: positive(1e-3, 'Added to the root of the second moment'),
  biasCorrection: flag(false, 'Divide the running means by 1 - beta^t; the paper does not'),
  initialSquare: atLeastZero(1e-6, 'Value the second moment starts from, for every entry'),
});

export type YogiSettings = SettingsOf<typeof settings>;

/** Adam whose second moment moves by at most (1 - beta2) g^2 a step: v -= (1 - beta2) g^2 sign(v - g^2). */
const yogi = defineOptimizer<YogiSettings, Moments>({
  name: 'yogi',
  source:
    'Zaheer et al., "Adaptive Methods for Nonconvex Optimization", 2018, algorithm 2; defaults not checked against the paper.',
  settings,
  create(checked) {
    const { beta1, beta2, epsilon } = checked;
    const rateAt = scheduleOf(checked.learningRate);
    return {
      usesSecondMoment: true,
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
});

export default yogi;
