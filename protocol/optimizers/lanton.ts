import { GradswarmError } from '../errors.js';
import type { ReadonlyVector, Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { decay, oneOf, positive } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import { nuclearNorm, orthogonalizeInto } from './parts/newton-schulz.js';
import { type Tensor, tensorLayout } from './parts/tensors.js';

const settings = defineSettings({
  learningRate: schedule(0.02, 'Step size of each update'),
  beta1: decay(0.95, 'Decay factor of the running mean of the gradient'),
  beta2: decay(0.9, 'Decay factor of the running mean of the squared gradient difference'),
  alpha: positive(1, "Noise norm at which a layer's alpha / sqrt(alpha^2 + H) has fallen to 1 / sqrt(2)"),
  noise: oneOf(
    ['previous', 'independent'],
    'previous',
    "What a gradient is compared with: the last step's (option I) or a second one (option II)",
  ),
});

export type LantonSettings = SettingsOf<typeof settings>;

export interface LantonState {
  readonly step: number;
  readonly mean: Vector;
  /** H of every tensor, in model order. */
  readonly noise: Float64Array;
  /** The last gradient; empty under 'independent'. */
  readonly previous: Vector;
}

/** Dual norm of one tensor's difference: nuclear for matrices, l1 for vectors. */
function dualNorm(difference: ReadonlyVector, { start, end, rows, columns, isMatrix }: Tensor): number {
  if (isMatrix) return nuclearNorm(difference, start, rows, columns);
  let sum = 0;
  for (let i = start; i < end; i++) sum += Math.abs(difference[i]!);
  return sum;
}

/** Rates as factors of the common one: sqrt(a_l / largest a of the group), matrices and vectors being the groups. */
export function layerFactors(tensors: readonly Tensor[], noise: Float64Array, alpha: number): Float64Array {
  const calm = Float64Array.from(noise, (h) => alpha / Math.sqrt(alpha * alpha + h));
  const largest = { matrix: 0, vector: 0 };
  for (const [l, { isMatrix }] of tensors.entries()) {
    const group = isMatrix ? 'matrix' : 'vector';
    largest[group] = Math.max(largest[group], calm[l]!);
  }
  return Float64Array.from(calm, (a, l) => Math.sqrt(a / (tensors[l]!.isMatrix ? largest.matrix : largest.vector)));
}

/**
 * Muon whose layers have rates of their own: the noisier a layer's gradient, the smaller. Matrices: w -= rate_l orth(B);
 * vectors: w -= rate_l sign(B). H grows from 0 with the second step, when there is a previous gradient.
 */
const lanton = defineOptimizer<LantonSettings, LantonState>({
  name: 'lanton',
  source:
    '"Noise-Adaptive Layerwise Learning Rates" (LANTON), 2025: reconstructed from abstract and reviews; formulas not checked against the paper, about ' +
    '70 % certain; alpha and the decay factors are ours.',
  settings,
  create(checked, segments) {
    const { beta1, beta2, alpha } = checked;
    const independent = checked.noise === 'independent';
    const rateAt = scheduleOf(checked.learningRate);
    const tensorsFor = tensorLayout(segments);
    return {
      ...(independent ? { needs: ['independentGradient'] as const } : {}),
      init: (length, precision = 'float64') => ({
        step: 0,
        mean: zeros(length, precision),
        noise: new Float64Array(tensorsFor(length).length),
        previous: zeros(independent ? 0 : length, precision),
      }),
      update(gradient, state, params, evidence) {
        const other = independent ? evidence?.independentGradient : state.previous;
        if (!other)
          throw new GradswarmError(
            'ERR_SCENARIO',
            "optimizer 'lanton' with noise 'independent' needs independentGradient, a second gradient of other examples; " +
              "use a method that supplies it, or noise 'previous'",
          );
        const tensors = tensorsFor(params.length);
        const next = zerosLike(params);
        const noise = state.noise.slice();
        if (independent || state.step > 0) {
          // `next` is room for the difference before it is room for the step.
          for (let i = 0; i < next.length; i++) next[i] = gradient[i]! - other[i]!;
          for (const [l, tensor] of tensors.entries()) {
            const difference = dualNorm(next, tensor);
            noise[l] = beta2 * noise[l]! + (1 - beta2) * difference * difference;
          }
        }
        const factors = layerFactors(tensors, noise, alpha);
        const rate = rateAt(state.step);
        const mean = zerosLike(state.mean);
        for (let i = 0; i < next.length; i++) mean[i] = beta1 * state.mean[i]! + (1 - beta1) * gradient[i]!;
        for (const [l, { start, end, rows, columns, isMatrix }] of tensors.entries()) {
          if (isMatrix) orthogonalizeInto(next, mean, start, rows, columns);
          else for (let i = start; i < end; i++) next[i] = Math.sign(mean[i]!);
          const factor = rate * factors[l]!;
          for (let i = start; i < end; i++) next[i] = params[i]! - factor * next[i]!;
        }
        const previous = zerosLike(state.previous);
        if (!independent) previous.set(gradient as Vector);
        return [next, { step: state.step + 1, mean, noise, previous }];
      },
    };
  },
});

export default lanton;
