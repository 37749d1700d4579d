import { addScaled, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero, flag } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import { advance, type Moments, momentSettings, nextMoments, zeroMoments } from './parts/moments.js';
import { preconditionInto } from './parts/preconditioning.js';

export const adamSettings = defineSettings({
  learningRate: schedule(1e-3, 'Step size of each update'),
  ...momentSettings,
  epsilon: atLeastZero(1e-8, 'Added to the root of the second moment'),
  biasCorrection: flag(true, 'Divide the running means by 1 - beta^t'),
  weightDecay: atLeastZero(0, 'Added to the gradient, times the parameters, before the moments'),
});

export type AdamSettings = SettingsOf<typeof adamSettings>;

/** m, v: running means of g and g^2; w -= rate mhat / (sqrt(vhat) + epsilon). An entry whose root is 0 stays. */
const adam = defineOptimizer<AdamSettings, Moments>({
  name: 'adam',
  source:
    'Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1; reconstructed, not checked against the paper.',
  settings: adamSettings,
  create(checked) {
    const rateAt = scheduleOf(checked.learningRate);
    const decay = { ...checked, meanDecay: checked.beta1, squareDecay: checked.beta2 };
    return {
      usesSecondMoment: true,
      precondition: (gradient, { square }) => preconditionInto(gradient, square, checked),
      init: zeroMoments,
      update(gradient, state, params) {
        const rate = rateAt(state.step);
        const g = checked.weightDecay === 0 ? gradient : addScaled(gradient, checked.weightDecay, params);
        const into = nextMoments(state);
        const next = zerosLike(params);
        advance(g, state, into, decay, next, 0, next.length);
        for (let i = 0; i < next.length; i++) next[i] = params[i]! - rate * next[i]!;
        return [next, into];
      },
    };
  },
});

export default adam;
