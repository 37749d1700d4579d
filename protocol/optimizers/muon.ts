import { z } from 'zod';
import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { decayFactor, type Moments, nextMoments } from './parts/moments.js';
import { orthogonalizeInto } from './parts/newton-schulz.js';
import { tensorLayout } from './parts/tensors.js';
import { stepVectors, vectorMoments } from './parts/vector-adamw.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface MuonSettings {
  readonly learningRate: ScheduleSpec;
  /** Decay factor of the running mean of the gradient. */
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Multiply a matrix' step by sqrt(max(1, outputs / inputs)). */
  readonly shapeFactor: boolean;
  /** Shrinks the parameters directly, by weightDecay times the tensor's own rate. */
  readonly weightDecay: number;
  /** What tensors of one axis get: AdamW, or the sign of their running mean. */
  readonly vectorRule: 'adamw' | 'sign';
  /** Their rate, as a factor of the rate. */
  readonly vectorRateFactor: number;
  readonly vectorBeta1: number;
  readonly vectorBeta2: number;
  readonly vectorEpsilon: number;
}

export interface MuonState {
  readonly step: number;
  readonly mean: Vector;
  /** Of the vectors, under 'adamw'. */
  readonly vectors: Moments;
}

const schema: z.ZodType<MuonSettings> = z.strictObject({
  learningRate: scheduleSpec,
  momentum: decayFactor,
  nesterov: z.boolean(),
  shapeFactor: z.boolean(),
  weightDecay: z.number().nonnegative(),
  vectorRule: z.enum(['adamw', 'sign']),
  vectorRateFactor: z.number().nonnegative(),
  vectorBeta1: decayFactor,
  vectorBeta2: decayFactor,
  vectorEpsilon: z.number().nonnegative(),
});

/** sqrt(max(1, outputs / inputs)) of a matrix whose last axis holds its outputs. */
export function shapeFactorOf(rows: number, columns: number): number {
  return Math.sqrt(Math.max(1, columns / rows));
}

/**
 * Matrices: B = running mean of g; w -= rate * orth(B), orth by five Newton-Schulz steps (nesterov: of (1 - momentum) g +
 * momentum B). A kernel of more axes is the matrix of its last axis against all others.
 */
const muon: OptimizerFamily<MuonSettings, MuonState> = {
  name: 'muon',
  source:
    'Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024 [M]; the factor of the vectors\' rate is ' +
    'ours.',
  defaults: {
    learningRate: 0.02,
    momentum: 0.95,
    nesterov: true,
    shapeFactor: true,
    weightDecay: 0,
    vectorRule: 'adamw',
    vectorRateFactor: 0.1,
    vectorBeta1: 0.9,
    vectorBeta2: 0.95,
    vectorEpsilon: 1e-10,
  },
  create(settings, segments) {
    const checked = checkSettings("optimizer 'muon'", schema, settings);
    const { momentum, nesterov, shapeFactor, weightDecay, vectorRule, vectorRateFactor } = checked;
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
      init: (length, precision = 'float64') => ({
        step: 0,
        mean: zeros(length, precision),
        vectors: vectorMoments(vectorRule === 'adamw' ? tensorsFor(length) : [], precision),
      }),
      update(gradient, state, params) {
        const rate = rateAt(state.step);
        const tensors = tensorsFor(params.length);
        const next = zerosLike(params);
        const mean = zerosLike(state.mean);
        const vectors = nextMoments(state.vectors);
        for (let i = 0; i < next.length; i++) {
          const b = momentum * state.mean[i]! + (1 - momentum) * gradient[i]!;
          mean[i] = b;
          next[i] = nesterov ? (1 - momentum) * gradient[i]! + momentum * b : b;
        }
        for (const { start, end, rows, columns, isMatrix } of tensors) {
          if (!isMatrix && vectorRule === 'adamw') continue;
          if (isMatrix) orthogonalizeInto(next, next, start, rows, columns);
          else for (let i = start; i < end; i++) next[i] = Math.sign(next[i]!);
          const ownRate = isMatrix ? rate : rate * vectorRateFactor;
          const factor = isMatrix && shapeFactor ? ownRate * shapeFactorOf(rows, columns) : ownRate;
          const kept = 1 - ownRate * weightDecay;
          for (let i = start; i < end; i++) next[i] = kept * params[i]! - factor * next[i]!;
        }
        if (vectorRule === 'adamw')
          stepVectors(tensors, gradient, params, state.vectors, vectors, vectorDecay, rate * vectorRateFactor, next);
        return [next, { step: state.step + 1, mean, vectors }];
      },
    };
  },
};

export default muon;
