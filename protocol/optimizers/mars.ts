import { z } from 'zod';
import { GradswarmError } from '../errors.js';
import type { ReadonlyVector, Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import { shapeFactorOf } from './muon.js';
import type { OptimizerFamily } from './optimizer.js';
import { advance, decayFactor, type Moments, nextMoments, zeroMoments } from './parts/moments.js';
import { orthogonalizeInto } from './parts/newton-schulz.js';
import { rangeNorm, type Tensor, tensorLayout } from './parts/tensors.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface MarsSettings {
  readonly learningRate: ScheduleSpec;
  /** What the corrected gradient is fed to. 'shampoo' needs matrices: vectors then always get AdamW. */
  readonly form: 'adamw' | 'lion' | 'shampoo';
  /** The gradient to compare with: the last step's, or the current batch's at the previous parameters (`Evidence`). */
  readonly variant: 'approximate' | 'exact';
  readonly beta1: number;
  readonly beta2: number;
  /** Strength of the variance reduction; 0 is none. */
  readonly gamma: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest norm of a tensor's corrected gradient; null: no clipping. */
  readonly maximumNorm: number | null;
  /** What bias and normalisation vectors beside matrices get. */
  readonly vectorRule: 'adamw' | 'mars';
  readonly vectorBeta1: number;
  readonly vectorBeta2: number;
  readonly vectorWeightDecay: number;
}

export interface MarsState extends Moments {
  /** The last gradient; empty in the exact variant. */
  readonly previous: Vector;
}

const schema: z.ZodType<MarsSettings> = z.strictObject({
  learningRate: scheduleSpec,
  form: z.enum(['adamw', 'lion', 'shampoo']),
  variant: z.enum(['approximate', 'exact']),
  beta1: decayFactor,
  beta2: decayFactor,
  gamma: z.number().nonnegative(),
  epsilon: z.number().nonnegative(),
  weightDecay: z.number().nonnegative(),
  maximumNorm: z.number().positive().nullable(),
  vectorRule: z.enum(['adamw', 'mars']),
  vectorBeta1: decayFactor,
  vectorBeta2: decayFactor,
  vectorWeightDecay: z.number().nonnegative(),
});

/** c = g + gamma beta1 / (1 - beta1) (g - previous) of one tensor, scaled down to `maximumNorm`; written to `into`. */
function correct(
  into: Vector,
  gradient: ReadonlyVector,
  previous: ReadonlyVector,
  strength: number,
  maximumNorm: number | null,
  { start, end }: Tensor,
): void {
  for (let i = start; i < end; i++) into[i] = gradient[i]! + strength * (gradient[i]! - previous[i]!);
  if (maximumNorm === null) return;
  const norm = rangeNorm(into, start, end);
  if (norm > maximumNorm) for (let i = start; i < end; i++) into[i] = (into[i]! * maximumNorm) / norm;
}

/** Fills `direction` with one tensor's step at rate 1, decay left out, and `into` with its next moments. */
function direct(
  settings: MarsSettings,
  corrected: ReadonlyVector,
  state: Moments,
  into: Moments,
  direction: Vector,
  { start, end, rows, columns }: Tensor,
): void {
  const { beta1, beta2, epsilon, form } = settings;
  if (form === 'adamw') {
    const decay = { meanDecay: beta1, squareDecay: beta2, epsilon, biasCorrection: true };
    advance(corrected, state, into, decay, direction, start, end);
    return;
  }
  for (let i = start; i < end; i++) into.mean[i] = beta1 * state.mean[i]! + (1 - beta1) * corrected[i]!;
  if (form === 'lion') for (let i = start; i < end; i++) direction[i] = Math.sign(into.mean[i]!);
  else {
    orthogonalizeInto(direction, into.mean, start, rows, columns);
    const factor = shapeFactorOf(rows, columns);
    for (let i = start; i < end; i++) direction[i] = factor * direction[i]!;
  }
}

/**
 * AdamW, Lion or Shampoo on a variance-reduced gradient. Approximate: the first step's previous gradient is 0, so that c is
 * then (1 + gamma beta1 / (1 - beta1)) g. The second moment is that of the clipped c, as in the authors' code.
 */
const mars: OptimizerFamily<MarsSettings, MarsState> = {
  name: 'mars',
  source:
    'Yuan et al., "MARS: Unleashing the Power of Variance Reduction for Training Large Models", 2024, as in the authors\' ' +
    'code; default of weightDecay [M].',
  defaults: {
    learningRate: 3e-3,
    form: 'adamw',
    variant: 'approximate',
    beta1: 0.95,
    beta2: 0.99,
    gamma: 0.025,
    epsilon: 1e-8,
    weightDecay: 0,
    maximumNorm: 1,
    vectorRule: 'adamw',
    vectorBeta1: 0.9,
    vectorBeta2: 0.95,
    vectorWeightDecay: 0.1,
  },
  create(settings, segments) {
    const checked = checkSettings("optimizer 'mars'", schema, settings);
    const { form, gamma, beta1 } = checked;
    const exact = checked.variant === 'exact';
    const strength = (gamma * beta1) / (1 - beta1);
    const rateAt = scheduleOf(checked.learningRate);
    const tensorsFor = tensorLayout(segments);
    const vectorDecay = {
      meanDecay: checked.vectorBeta1,
      squareDecay: checked.vectorBeta2,
      epsilon: checked.epsilon,
      biasCorrection: true,
    };
    const isReduced = ({ isMatrix, isMinor }: Tensor) =>
      form === 'shampoo' ? isMatrix : !isMinor || checked.vectorRule === 'mars';
    return {
      ...(exact ? { needs: ['gradientAtPrevious'] as const } : {}),
      init: (length, precision = 'float64') => ({
        ...zeroMoments(length, precision),
        previous: zeros(exact ? 0 : length, precision),
      }),
      update(gradient, state, params, evidence) {
        const previous = exact ? evidence?.gradientAtPrevious : state.previous;
        if (!previous)
          throw new GradswarmError(
            'ERR_SCENARIO',
            "optimizer 'mars', variant 'exact' needs gradientAtPrevious, the current batch's gradient at the previous " +
              "parameters; use a method that supplies it, or variant 'approximate'",
          );
        const rate = rateAt(state.step);
        const into = nextMoments(state);
        const next = zerosLike(params);
        const corrected = zerosLike(params);
        for (const tensor of tensorsFor(params.length)) {
          const { start, end } = tensor;
          const reduced = isReduced(tensor);
          if (reduced) {
            correct(corrected, gradient, previous, strength, checked.maximumNorm, tensor);
            direct(checked, corrected, state, into, next, tensor);
          } else advance(gradient, state, into, vectorDecay, next, start, end);
          const weightDecay = reduced ? checked.weightDecay : checked.vectorWeightDecay;
          for (let i = start; i < end; i++) next[i] = params[i]! - rate * (next[i]! + weightDecay * params[i]!);
        }
        const seen = zerosLike(state.previous);
        if (!exact) seen.set(gradient as Vector);
        return [next, { ...into, previous: seen }];
      },
    };
  },
};

export default mars;
