import { z } from 'zod';
import type { ReadonlyVector, Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { decayFactor, type Moments, nextMoments } from './parts/moments.js';
import { type Tensor, tensorLayout } from './parts/tensors.js';
import { stepVectors, vectorMoments } from './parts/vector-adamw.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface ScaleSettings {
  readonly learningRate: ScheduleSpec;
  /** Decay factor of the running mean that the last matrix alone has. */
  readonly momentum: number;
  /** What every column (output unit) of a step is divided by: its root mean square (authors' code) or l2 norm (paper). */
  readonly normalization: 'rms' | 'l2';
  /** The divisor is at least this. */
  readonly epsilon: number;
  /** The parameters shrink by weightDecay times the tensor's own rate before the step. */
  readonly weightDecay: number;
  readonly vectorRateFactor: number;
  readonly vectorBeta1: number;
  readonly vectorBeta2: number;
  readonly vectorEpsilon: number;
}

export interface ScaleState {
  readonly step: number;
  /** Running mean of the last matrix' gradient. */
  readonly lastMean: Vector;
  readonly vectors: Moments;
}

const schema: z.ZodType<ScaleSettings> = z.strictObject({
  learningRate: scheduleSpec,
  momentum: decayFactor,
  normalization: z.enum(['rms', 'l2']),
  epsilon: z.number().positive(),
  weightDecay: z.number().nonnegative(),
  vectorRateFactor: z.number().nonnegative(),
  vectorBeta1: decayFactor,
  vectorBeta2: decayFactor,
  vectorEpsilon: z.number().nonnegative(),
});

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
const scale: OptimizerFamily<ScaleSettings, ScaleState> = {
  name: 'scale',
  source:
    '"A Minimalist Optimizer Design for LLM Pretraining" (SCALE), 2025; root mean square as in the authors\' code; decay ' +
    "factors of the vectors' AdamW [M].",
  defaults: {
    learningRate: 1e-3,
    momentum: 0.9,
    normalization: 'rms',
    epsilon: 1e-8,
    weightDecay: 0,
    vectorRateFactor: 1,
    vectorBeta1: 0.9,
    vectorBeta2: 0.999,
    vectorEpsilon: 1e-8,
  },
  create(settings, segments) {
    const checked = checkSettings("optimizer 'scale'", schema, settings);
    const { momentum, weightDecay } = checked;
    const rateAt = scheduleOf(checked.learningRate);
    const tensorsFor = tensorLayout(segments);
    const vectorDecay = {
      meanDecay: checked.vectorBeta1,
      squareDecay: checked.vectorBeta2,
      epsilon: checked.vectorEpsilon,
      biasCorrection: true,
      weightDecay,
    };
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
        stepVectors(tensors, gradient, params, state.vectors, vectors, vectorDecay, vectorRate, next);
        return [next, { step: state.step + 1, lastMean, vectors }];
      },
    };
  },
};

export default scale;
