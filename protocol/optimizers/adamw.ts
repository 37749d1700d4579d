import { zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import { advance, type Moments, momentSettings, nextMoments, zeroMoments } from './parts/moments.js';
import { preconditionInto } from './parts/preconditioning.js';

const settings = defineSettings({
  learningRate: schedule(1e-3, 'Step size of each update'),
  ...momentSettings,
  epsilon: atLeastZero(1e-8, 'Added to the root of the second moment'),
  weightDecay: atLeastZero(0.01, 'Shrinks the parameters directly, by rate * weightDecay'),
});

export type AdamWSettings = SettingsOf<typeof settings>;

/** Adam's step plus decay that does not pass through the moments: w -= rate (mhat / (sqrt(vhat) + epsilon) + decay w). */
const adamw = defineOptimizer<AdamWSettings, Moments>({
  name: 'adamw',
  source:
    'Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2; reconstructed, not checked against the paper.',
  settings,
  create(checked) {
    const rateAt = scheduleOf(checked.learningRate);
    const { weightDecay } = checked;
    const decay = { ...checked, meanDecay: checked.beta1, squareDecay: checked.beta2, biasCorrection: true };
    return {
      usesSecondMoment: true,
      precondition: (gradient, { square }) => preconditionInto(gradient, square, checked),
      init: zeroMoments,
      update(gradient, state, params) {
        const rate = rateAt(state.step);
        const into = nextMoments(state);
        const next = zerosLike(params);
        advance(gradient, state, into, decay, next, 0, next.length);
        for (let i = 0; i < next.length; i++) next[i] = params[i]! - rate * (next[i]! + weightDecay * params[i]!);
        return [next, into];
      },
    };
  },
});

export default adamw;
