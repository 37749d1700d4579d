import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero, decay, flag, oneOf } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import { type Moments, nextMoments } from './parts/moments.js';
import { orthogonalizeInto } from './parts/newton-schulz.js';
import { tensorLayout } from './parts/tensors.js';
import { stepVectors, vectorDecay, vectorMoments, vectorSettings } from './parts/vector-adamw.js';

const settings = defineSettings({
  learningRate: schedule(0.02, 'Step size of each update'),
  momentum: decay(0.95, 'Decay factor of the running mean of the gradient'),
  nesterov: flag(true, 'Look ahead: orthogonalise (1 - momentum) g + momentum B'),
  shapeFactor: flag(true, "Multiply a matrix' step by sqrt(max(1, outputs / inputs))"),
  weightDecay: atLeastZero(0, "Shrinks the parameters directly, by weightDecay times the tensor's own rate"),
  vectorRule: oneOf(
    ['adamw', 'sign'],
    'adamw',
    'What tensors of one axis get: AdamW, or the sign of their running mean',
  ),
  ...vectorSettings({ rateFactor: 0.1, beta2: 0.95, epsilon: 1e-10 }),
});

export type MuonSettings = SettingsOf<typeof settings>;

export interface MuonState {
  readonly step: number;
  readonly mean: Vector;
  /** Of the vectors, under 'adamw'. */
  readonly vectors: Moments;
}

/** sqrt(max(1, outputs / inputs)) of a matrix whose last axis holds its outputs. */
export function shapeFactorOf(rows: number, columns: number): number {
  return Math.sqrt(Math.max(1, columns / rows));
}

/**
 * Matrices: B = running mean of g; w -= rate * orth(B), orth by five Newton-Schulz steps (nesterov: of (1 - momentum) g +
 * momentum B). A kernel of more axes is the matrix of its last axis against all others.
 */
const muon = defineOptimizer<MuonSettings, MuonState>({
  name: 'muon',
  source:
    'Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; reconstructed, not checked against the text; the factor of the vectors\' rate is ' +
    'ours.',
  settings,
  create(checked, segments) {
    const { momentum, nesterov, shapeFactor, weightDecay, vectorRule, vectorRateFactor } = checked;
    const rateAt = scheduleOf(checked.learningRate);
    const tensorsFor = tensorLayout(segments);
    const adamw = vectorDecay(checked);
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
          stepVectors(tensors, gradient, params, state.vectors, vectors, adamw, rate * vectorRateFactor, next);
        return [next, { step: state.step + 1, mean, vectors }];
      },
    };
  },
});

export default muon;
