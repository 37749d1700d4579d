import type { ReadonlyVector, Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero, decay, oneOf, positive } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import { type Moments, nextMoments } from './parts/moments.js';
import { type Tensor, tensorLayout } from './parts/tensors.js';
import { stepVectors, vectorDecay, vectorMoments, vectorSettings } from './parts/vector-adamw.js';

const settings = defineSettings({
  learningRate: schedule(1e-3, 'Step size of each update'),
  momentum: decay(0.9, 'Decay factor of the running mean that the last matrix alone has'),
  normalization: oneOf(
    ['rms', 'l2'],
    'rms',
    "What every column (output unit) is divided by: root mean square (authors' code) or l2 norm (paper)",
  ),
  epsilon: positive(1e-8, 'The divisor is at least this'),
  weightDecay: atLeastZero(0, "The parameters shrink by weightDecay times the tensor's own rate before the step"),
  ...vectorSettings({ rateFactor: 1, beta2: 0.999, epsilon: 1e-8 }),
});

export type ScaleSettings = SettingsOf<typeof settings>;

export interface ScaleState {
  readonly step: number;
  /** Running mean of the last matrix' gradient. */
  readonly lastMean: Vector;
  readonly vectors: Moments;
}

/** The norms of a matrix' columns over its rows (its inputs), at least `epsilon`. `source` begins with the matrix. */
function columnDivisors(
  source: ReadonlyVector,
  { rows, columns }: Tensor,
  normalization: ScaleSettings['normalization'],
  epsilon: number,
): Float64Array {
  const divisors = new Float64Array(columns);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const entry = source[r * columns + c]!;
      divisors[c] = divisors[c]! + entry * entry;
    }
  const count = normalization === 'rms' ? rows : 1;
  for (let c = 0; c < columns; c++) divisors[c] = Math.max(Math.sqrt(divisors[c]! / count), epsilon);
  return divisors;
}

/**
 * Column-normalised SGD: w = (1 - rate decay) w - rate g / (norm of g's column). Only the last matrix has momentum; vectors
 * get AdamW. A kernel's last axis holds its output units.
 */
const scale = defineOptimizer<ScaleSettings, ScaleState>({
  name: 'scale',
  source:
    '"A Minimalist Optimizer Design for LLM Pretraining" (SCALE), 2025; root mean square as in the authors\' code; decay ' +
    "factors of the vectors' AdamW are reconstructed, not checked against the paper.",
  settings,
  create(checked, segments) {
    const { momentum, weightDecay } = checked;
    const rateAt = scheduleOf(checked.learningRate);
    const tensorsFor = tensorLayout(segments);
    const adamw = vectorDecay(checked);
    return {
      init(length, precision = 'float64') {
        const tensors = tensorsFor(length);
        const last = tensors.findLast(({ isMatrix }) => isMatrix);
        return {
          step: 0,
          lastMean: zeros(last ? last.end - last.start : 0, precision),
          vectors: vectorMoments(tensors, precision),
        };
      },
      update(gradient, state, params) {
        const rate = rateAt(state.step);
        const kept = 1 - rate * weightDecay;
        const tensors = tensorsFor(params.length);
        const last = tensors.findLast(({ isMatrix }) => isMatrix);
        const next = zerosLike(params);
        const lastMean = zerosLike(state.lastMean);
        const vectors = nextMoments(state.vectors);
        for (const tensor of tensors) {
          if (!tensor.isMatrix) continue;
          const { start, rows, columns } = tensor;
          let source = gradient.subarray(start, tensor.end);
          if (tensor === last) {
            for (let i = 0; i < lastMean.length; i++)
              lastMean[i] = momentum * state.lastMean[i]! + (1 - momentum) * source[i]!;
            source = lastMean;
          }
          const divisors = columnDivisors(source, tensor, checked.normalization, checked.epsilon);
          for (let r = 0; r < rows; r++)
            for (let c = 0; c < columns; c++) {
              const i = r * columns + c;
              next[start + i] = kept * params[start + i]! - (rate * source[i]!) / divisors[c]!;
            }
        }
        const vectorRate = rate * checked.vectorRateFactor;
        stepVectors(tensors, gradient, params, state.vectors, vectors, adamw, vectorRate, next);
        return [next, { step: state.step + 1, lastMean, vectors }];
      },
    };
  },
});

export default scale;
