import { z } from 'zod';
import { zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { advance, decayFactor, type Moments, nextMoments, zeroMoments } from './parts/moments.js';
import { rangeNorm, tensorLayout } from './parts/tensors.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface LambSettings {
  readonly learningRate: ScheduleSpec;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly biasCorrection: boolean;
  /** phi(z) = min(z, normCap); null: phi(z) = z. */
  readonly normCap: number | null;
}

const schema: z.ZodType<LambSettings> = z.strictObject({
  learningRate: scheduleSpec,
  beta1: decayFactor,
  beta2: decayFactor,
  epsilon: z.number().nonnegative(),
  weightDecay: z.number().nonnegative(),
  biasCorrection: z.boolean(),
  normCap: z.number().positive().nullable(),
});

/**
 * u = Adam's direction + decay w; w -= rate (phi(|w|) / |u|) u, tensor by tensor; ratio 1 where a norm is 0. Bias and
 * normalisation vectors beside matrices have ratio 1 and no decay.
 */
const lamb: OptimizerFamily<LambSettings, Moments> = {
  name: 'lamb',
  source:
    'You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020 [M]; both moments are ' +
    'bias-corrected unless told.',
  defaults: {
    learningRate: 1e-2,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-6,
    weightDecay: 0.01,
    biasCorrection: true,
    normCap: null,
  },
  create(settings, segments) {
    const checked = checkSettings("optimizer 'lamb'", schema, settings);
    const rateAt = scheduleOf(checked.learningRate);
    const decay = { ...checked, meanDecay: checked.beta1, squareDecay: checked.beta2 };
    const tensorsFor = tensorLayout(segments);
    return {
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
};

export default lamb;
