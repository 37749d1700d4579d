import { GradswarmError } from '../errors.js';
import type { ReadonlyVector, Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero, decay, oneOf, positive } from '../settings/kinds.js';
import { nullable } from '../settings/setting.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { shapeFactorOf } from './muon.js';
import { defineOptimizer } from './optimizer.js';
import { advance, type Moments, nextMoments, zeroMoments } from './parts/moments.js';
import { orthogonalizeInto } from './parts/newton-schulz.js';
import { rangeNorm, type Tensor, tensorLayout } from './parts/tensors.js';

const settings = defineSettings({
  learningRate: schedule(3e-3, 'Step size of each update'),
  form: oneOf(
    ['adamw', 'lion', 'shampoo'],
    'adamw',
    "What the corrected gradient is fed to; 'shampoo' needs matrices: vectors then always get AdamW",
  ),
  variant: oneOf(
    ['approximate', 'exact'],
    'approximate',
    "Compares with the last step's gradient, or with the current batch's at the previous parameters",
  ),
  beta1: decay(0.95, 'Decay factor of the running mean of the gradient'),
  beta2: decay(0.99, 'Decay factor of the running mean of its square'),
  gamma: atLeastZero(0.025, 'Strength of the variance reduction; 0 is none'),
  epsilon: atLeastZero(1e-8, 'Added to the root of the second moment'),
  weightDecay: atLeastZero(0, 'Shrinks the parameters directly, by rate * weightDecay'),
  maximumNorm: nullable(positive(1, "Largest norm of a tensor's corrected gradient; null: no clipping")),
  vectorRule: oneOf(['adamw', 'mars'], 'adamw', 'The rule of bias and normalisation vectors'),
  vectorBeta1: decay(0.9, 'beta1 of the AdamW of vectors'),
  vectorBeta2: decay(0.95, 'beta2 of the AdamW of vectors'),
  vectorWeightDecay: atLeastZero(0.1, 'Weight decay of the AdamW of vectors'),
});

export type MarsSettings = SettingsOf<typeof settings>;

export interface MarsState extends Moments {
  /** The last gradient; empty in the exact variant. */
  readonly previous: Vector;
}

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
const mars = defineOptimizer<MarsSettings, MarsState>({
  name: 'mars',
  source:
    'Yuan et al., "MARS: Unleashing the Power of Variance Reduction for Training Large Models", 2024, as in the authors\' ' +
    'code; default of weightDecay not checked against the paper.',
  settings,
  create(checked, segments) {
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
      usesSecondMoment: true,
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
});

export default mars;
