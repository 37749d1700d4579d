import { zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero, flag, positive } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import { advance, type Moments, momentSettings, nextMoments, zeroMoments } from './parts/moments.js';
import { rangeNorm, tensorLayout } from './parts/tensors.js';

const settings = defineSettings({
  learningRate: schedule(1e-2, 'Step size of each update'),
  ...momentSettings,
  epsilon: atLeastZero(1e-6, 'Added to the root of the second moment'),
  weightDecay: atLeastZero(0.01, 'Added to the direction, times the parameters'),
  biasCorrection: flag(true, 'Divide the running means by 1 - beta^t'),
  normCap: positive(null, 'phi(z) = min(z, normCap); null: phi(z) = z'),
});

export type LambSettings = SettingsOf<typeof settings>;

/**
 * u = Adam's direction + decay w; w -= rate (phi(|w|) / |u|) u, tensor by tensor; ratio 1 where a norm is 0. Bias and
 * normalisation vectors have ratio 1 and no decay.
 */
const lamb = defineOptimizer<LambSettings, Moments>({
  name: 'lamb',
  source:
    'You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020; reconstructed, not checked against the paper; both moments are ' +
    'bias-corrected by default.',
  settings,
  create(checked, segments) {
    const rateAt = scheduleOf(checked.learningRate);
    const decay = { ...checked, meanDecay: checked.beta1, squareDecay: checked.beta2 };
    const tensorsFor = tensorLayout(segments);
    return {
      usesSecondMoment: true,
      init: zeroMoments,
      update(gradient, state, params) {
        const rate = rateAt(state.step);
        const into = nextMoments(state);
        const next = zerosLike(params);
        for (const { start, end, isMinor } of tensorsFor(params.length)) {
          advance(gradient, state, into, decay, next, start, end);
          const weightDecay = isMinor ? 0 : checked.weightDecay;
          if (weightDecay > 0) for (let i = start; i < end; i++) next[i] = next[i]! + weightDecay * params[i]!;
          const weightNorm = Math.min(rangeNorm(params, start, end), checked.normCap ?? Number.POSITIVE_INFINITY);
          const directionNorm = rangeNorm(next, start, end);
          const factor =
            isMinor || weightNorm === 0 || directionNorm === 0 ? rate : (rate * weightNorm) / directionNorm;
          for (let i = start; i < end; i++) next[i] = params[i]! - factor * next[i]!;
        }
        return [next, into];
      },
    };
  },
});

export default lamb;
