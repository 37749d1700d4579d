import { momentsOfDraws } from '../../../bayesian/distances.js';
import { GradswarmError } from '../../../errors.js';
import type { LogPosterior, Rng, Vector } from '../../../method.js';
import { cholesky, choleskySolve, symmetricInverse } from '../../../numerics/linear-algebra.js';
import { zerosLike } from '../../../numerics/vector.js';
import type { ConduciveSettings } from './conducive-settings.js';
import { langevin } from './kernels.js';
import { drawBatch } from './shard-drift.js';

/** A tenth of the draws is run before the first of them is kept. */
const BURN_IN_SHARE = 0.1;

/** Natural parameters of p(theta)^(1/S), length d each. The log-prior is a quadratic, as all objectives have it. */
function priorShare(objective: LogPosterior, like: Vector, clientCount: number) {
  const atZero = objective.priorGradient(zerosLike(like));
  const atOne = objective.priorGradient(zerosLike(like).fill(1));
  return {
    eta: Float64Array.from(atZero, (value) => value / clientCount),
    precision: Float64Array.from(atOne, (value, i) => (atZero[i]! - value) / clientCount),
  };
}

/**
 * Draws of p(theta)^(1/S) p(x_s | theta) by SGLD on this shard alone, from `start`. The prior's share makes the law proper
 * where a flat prior would not (separable data, networks). A shard without examples has that share alone: wide, so that a
 * chain would not cross it, and known, so that it need not.
 */
export async function localDraws(
  objective: LogPosterior,
  settings: {
    readonly stepSize: number;
    readonly batchSize: number;
    readonly draws: number;
    readonly thin: number;
    readonly burnInSteps: number;
  },
  start: Vector,
  clientCount: number,
  rng: Rng,
): Promise<Vector[]> {
  const { stepSize, batchSize, draws, thin, burnInSteps } = settings;
  const kernel = langevin(stepSize);
  const d = start.length;
  const position = zerosLike(start);
  position.set(start);
  const drift = zerosLike(start);
  let gradient: Vector = zerosLike(start);
  const kept: Vector[] = [];
  const batches = rng.derive('batches');
  const noise = rng.derive('noise');
  if (objective.exampleCount === 0) {
    const share = priorShare(objective, start, clientCount);
    for (; kept.length < draws; kept.push(position.slice() as Vector)) {
      const normals = noise.normal(d);
      for (let i = 0; i < d; i++)
        position[i] = share.eta[i]! / share.precision[i]! + normals[i]! / Math.sqrt(share.precision[i]!);
    }
    return kept;
  }
  for (let step = 1 - burnInSteps; kept.length < draws; step++) {
    const answer = objective.gradient(position, drawBatch(objective, batchSize, batches), gradient);
    gradient = answer instanceof Promise ? await answer : answer;
    const prior = objective.priorGradient(position);
    for (let i = 0; i < d; i++) drift[i] = prior[i]! / clientCount - objective.exampleCount * gradient[i]!;
    kernel.step(position, drift, gradient, noise.normal(d), 0);
    if (step > 0 && step % thin === 0) kept.push(position.slice() as Vector);
  }
  return kept;
}

/**
 * Surrogate from the moments of local draws, as its authors fit it; the prior's share is taken out of it again. Mini-batches
 * and long steps widen the draws, hence the surrogate: fit with whole shards and small steps. A shard without examples has a
 * flat surrogate: no chain comes there to take another one back.
 */
export async function surrogateOfDraws(
  objective: LogPosterior,
  settings: ConduciveSettings,
  start: Vector,
  clientCount: number,
  rng: Rng,
): Promise<{ readonly eta: Vector; readonly precision: Vector }> {
  const { surrogateDraws, surrogateThin, surrogateStepSize, surrogateBatchSize, surrogateForm } = settings;
  if (objective.exampleCount === 0) {
    const d = start.length;
    return { eta: zerosLike(start), precision: zerosLike(start, surrogateForm === 'diagonal' ? d : d * d) };
  }
  const draws = await localDraws(
    objective,
    {
      stepSize: surrogateStepSize,
      batchSize: surrogateBatchSize,
      draws: surrogateDraws,
      thin: surrogateThin,
      burnInSteps: Math.ceil(BURN_IN_SHARE * surrogateDraws * surrogateThin),
    },
    start,
    clientCount,
    rng,
  );
  const share = priorShare(objective, start, clientCount);
  const { mean, covariance } = momentsOfDraws(draws);
  const d = mean.length;
  if (surrogateForm === 'diagonal') {
    const marginal = mean.map((_, i) => 1 / covariance[i * d + i]!);
    return inPrecisionOf(
      start,
      marginal.map((value, i) => value * mean[i]! - share.eta[i]!),
      marginal.map((value, i) => Math.max(value - share.precision[i]!, 0)),
    );
  }
  const lower = choleskyOf(covariance, draws.length);
  const precision = symmetricInverse(covariance);
  const eta = choleskySolve(lower, mean).map((value, i) => value - share.eta[i]!);
  for (let i = 0; i < d; i++) precision[i * d + i] = precision[i * d + i]! - share.precision[i]!;
  return inPrecisionOf(start, eta, precision);
}

function choleskyOf(covariance: Float64Array, drawCount: number): Float64Array {
  try {
    return cholesky(covariance);
  } catch (cause) {
    const d = Math.sqrt(covariance.length);
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `method.surrogateDraws: ${drawCount} draws do not give the covariance of ${d} parameters; ` +
        "draw more, shorten surrogateStepSize, or set surrogateForm: 'diagonal'",
      { cause },
    );
  }
}

function inPrecisionOf(
  like: Vector,
  eta: Float64Array,
  precision: Float64Array,
): { readonly eta: Vector; readonly precision: Vector } {
  const result = { eta: zerosLike(like, eta.length), precision: zerosLike(like, precision.length) };
  result.eta.set(eta);
  result.precision.set(precision);
  return result;
}
