import type { Gaussian, GaussianFactor } from '../../protocol/bayesian/conjugate.js';
import {
  type GaussianModel,
  type GaussianShard,
  modelPosterior,
  shardFactor,
} from '../../protocol/bayesian/gaussian-model.js';
import {
  congruence,
  identity,
  linearSolve,
  type Matrix,
  matrixProduct,
  matrixVector,
  trace,
} from '../../protocol/numerics/linear-algebra.js';
import { kronecker } from './kronecker.js';

/**
 * Exact law of Langevin samplers on Gaussian models, for any step size, delay and batch: no appeal to small steps. A
 * chain's moments can be compared with it within Monte Carlo error.
 *
 * Derived for this project from the update equations (El Mekkaoui, Mesquita, Blomstedt, Kaski, UAI 2021, eq. 3, 5, 7), not
 * taken from a paper. Cost grows with d^6: meant for a handful of dimensions.
 */

/**
 * A chain that visits shard s with probability `visitProbabilities[s]` and takes `delay` steps there. Drift is
 * multiplied by stepSize / 2, injected noise has variance stepSize.
 */
export interface VisitingSampler {
  readonly stepSize: number;
  /** Steps in a visit, T: one number, or one a shard. */
  readonly delay: number | readonly number[];
  readonly visitProbabilities: readonly number[];
  /** f_s in the scaling N_s / (f_s m); left out, the fractions of steps that the visits really make. */
  readonly assumedProbabilities?: readonly number[];
  /** Conducive gradient of these surrogates; left out, DSGLD. */
  readonly surrogates?: readonly GaussianFactor[];
  /** Weight alpha of the conducive gradient; 1 unless given. */
  readonly conduciveWeight?: number;
  /** Left out: the full shard. `replacement`: may one batch hold an example twice? */
  readonly batch?: { readonly size: number; readonly replacement: boolean };
  /** Variance per coordinate of a zero-mean error added to the state at each hand-over. */
  readonly handOverVariance?: number;
}

export interface StationaryLaw {
  /** Law of a uniformly chosen step. */
  readonly anyStep: Gaussian;
  /** Law of the state that a visit hands over (before the hand-over's error). */
  readonly visitEnd: Gaussian;
}

/** theta <- A theta + c + N(0, R), one step on a shard. */
interface AffineStep {
  readonly map: Matrix;
  readonly shift: Float64Array;
  readonly noise: Matrix;
}

/** Mean and raw second moment, about the centre of the computation. */
interface Moments {
  readonly first: Float64Array;
  readonly second: Matrix;
}

function delays(model: GaussianModel, sampler: VisitingSampler): readonly number[] {
  const { delay } = sampler;
  return typeof delay === 'number' ? model.shards.map(() => delay) : delay;
}

/** Fraction of all steps that each shard takes: visit probability times delay, normalised. */
export function stepFractions(visitProbabilities: readonly number[], delay: readonly number[]): readonly number[] {
  const steps = visitProbabilities.map((probability, s) => probability * delay[s]!);
  const total = steps.reduce((sum, step) => sum + step, 0);
  return steps.map((step) => step / total);
}

/** Drift b - P theta of every shard, as eta = b and precision = P; the prior once and in full on each of them. */
function drift(model: GaussianModel, sampler: VisitingSampler, assumed: readonly number[]): readonly GaussianFactor[] {
  const alpha = sampler.conduciveWeight ?? 1;
  const factors = model.shards.map(shardFactor);
  const { surrogates } = sampler;
  return factors.map((factor, s) => {
    const f = assumed[s]!;
    const combine = (field: 'eta' | 'precision') =>
      model.prior[field].map((prior, i) => {
        const likelihood = factor[field][i]! / f;
        if (!surrogates) return prior + likelihood;
        let product = 0;
        for (const surrogate of surrogates) product += surrogate[field][i]!;
        return prior + likelihood + alpha * (product - surrogates[s]![field][i]! / f);
      });
    return { eta: combine('eta'), precision: combine('precision') };
  });
}

/** h I, plus what the mini-batch adds: (h/2)^2 (N_s / f_s)^2 Cov(mean of a batch of gradients). */
function stepNoise(shard: GaussianShard, sampler: VisitingSampler, assumed: number, d: number): Matrix {
  const h = sampler.stepSize;
  const noise = identity(d, h);
  const { batch } = sampler;
  if (!batch || (!batch.replacement && batch.size >= shard.exampleCount)) return noise;
  if (!shard.dataCovariance)
    throw new RangeError("a mini-batch law needs the covariance of every shard's observations");
  const n = shard.exampleCount;
  const finite = batch.replacement ? 1 : (n - batch.size) / (n - 1);
  const scale = (h / 2) * (n / assumed);
  const factor = scale * scale * (finite / batch.size);
  const gradients = congruence(shard.dataPrecision, shard.dataCovariance);
  for (let i = 0; i < noise.length; i++) noise[i] = noise[i]! + factor * gradients[i]!;
  return noise;
}

function affineSteps(model: GaussianModel, sampler: VisitingSampler, centre: Float64Array): readonly AffineStep[] {
  const d = centre.length;
  const h = sampler.stepSize;
  const assumed = sampler.assumedProbabilities ?? stepFractions(sampler.visitProbabilities, delays(model, sampler));
  return drift(model, sampler, assumed).map(({ eta, precision }, s) => {
    const map = identity(d);
    for (let i = 0; i < map.length; i++) map[i] = map[i]! - (h / 2) * precision[i]!;
    const atCentre = matrixVector(precision, centre);
    const shift = eta.map((value, i) => (h / 2) * (value - atCentre[i]!));
    return { map, shift, noise: stepNoise(model.shards[s]!, sampler, assumed[s]!, d) };
  });
}

/** A whole visit as one affine step: A^T, sum_k A^k c, sum_k A^k R A^kT. */
function visit({ map, shift, noise }: AffineStep, delay: number): AffineStep {
  const d = shift.length;
  let power = identity(d);
  const total = { shift: new Float64Array(d), noise: new Float64Array(d * d) };
  for (let k = 0; k < delay; k++) {
    addScaledInto(total.shift, 1, matrixVector(power, shift));
    addScaledInto(total.noise, 1, congruence(power, noise));
    power = matrixProduct(map, power, d);
  }
  return { map: power, ...total };
}

function addScaledInto(into: Float64Array, factor: number, values: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] = into[i]! + factor * values[i]!;
}

function outer(a: Float64Array, b: Float64Array): Matrix {
  return matrixProduct(a, b, 1);
}

function push({ first, second }: Moments, { map, shift, noise }: AffineStep): Moments {
  const moved = matrixVector(map, first);
  const next = congruence(map, second);
  addScaledInto(next, 1, outer(moved, shift));
  addScaledInto(next, 1, outer(shift, moved));
  addScaledInto(next, 1, outer(shift, shift));
  addScaledInto(next, 1, noise);
  return { first: matrixVector(map, first).map((value, i) => value + shift[i]!), second: next };
}

function emptyMoments(d: number): Moments {
  return { first: new Float64Array(d), second: new Float64Array(d * d) };
}

function addMoments(into: Moments, factor: number, moments: Moments): void {
  addScaledInto(into.first, factor, moments.first);
  addScaledInto(into.second, factor, moments.second);
}

function toGaussian({ first, second }: Moments, centre: Float64Array): Gaussian {
  const covariance = Float64Array.from(second);
  addScaledInto(covariance, -1, outer(first, first));
  return { mean: first.map((value, i) => value + centre[i]!), covariance };
}

/** Moments m = sum_s w_s push(m, step_s): the mean first, then the second moment as a linear system. */
function fixedPoint(steps: readonly AffineStep[], weights: readonly number[], handOverVariance: number): Moments {
  const d = steps[0]!.shift.length;
  const meanMap = identity(d);
  const meanShift = new Float64Array(d);
  const secondMap = identity(d * d);
  steps.forEach(({ map, shift }, s) => {
    addScaledInto(meanMap, -weights[s]!, map);
    addScaledInto(meanShift, weights[s]!, shift);
    addScaledInto(secondMap, -weights[s]!, kronecker(map, map));
  });
  const first = linearSolve(meanMap, meanShift);
  const arriving = { first, second: identity(d, handOverVariance) };
  const constant = emptyMoments(d);
  steps.forEach((step, s) => {
    addMoments(constant, weights[s]!, push(arriving, step));
  });
  return { first, second: linearSolve(secondMap, constant.second) };
}

/**
 * Growth of the second moment per visit: spectral radius of E -> sum_s f_s M_s E M_s^T. A stationary law with finite
 * variance exists exactly when it is below 1.
 */
export function visitGrowth(model: GaussianModel, sampler: VisitingSampler): number {
  const centre = modelPosterior(model).mean;
  const times = delays(model, sampler);
  const visits = affineSteps(model, sampler, centre).map((step, s) => visit(step, times[s]!));
  return growth(visits, sampler.visitProbabilities);
}

// The map keeps positive matrices positive, so iterating from the identity finds its leading eigenvalue.
function growth(visits: readonly AffineStep[], weights: readonly number[]): number {
  const d = visits[0]!.shift.length;
  let shape = identity(d, 1 / d);
  let radius = 0;
  for (let iteration = 0; iteration < 2000; iteration++) {
    const next = new Float64Array(d * d);
    visits.forEach(({ map }, s) => {
      addScaledInto(next, weights[s]!, congruence(map, shape));
    });
    const size = trace(next);
    if (!(size > 0 && Number.isFinite(size))) return size;
    shape = next.map((value) => value / size);
    if (Math.abs(size - radius) <= 1e-14 * size) return size;
    radius = size;
  }
  return radius;
}

/** Exact stationary law. Throws a RangeError when the sampler has none (steps too long, over-confident surrogates). */
export function stationaryLaw(model: GaussianModel, sampler: VisitingSampler): StationaryLaw {
  const centre = modelPosterior(model).mean;
  const d = centre.length;
  const times = delays(model, sampler);
  const steps = affineSteps(model, sampler, centre);
  const visits = steps.map((step, s) => visit(step, times[s]!));
  const radius = growth(visits, sampler.visitProbabilities);
  if (!(radius < 1))
    throw new RangeError(
      `no stationary law: the second moment grows by ${radius} a visit; shorten the step or the delay, or widen the surrogates`,
    );
  const handOverVariance = sampler.handOverVariance ?? 0;
  const end = fixedPoint(visits, sampler.visitProbabilities, handOverVariance);
  const arriving = { first: end.first, second: Float64Array.from(end.second) };
  addScaledInto(arriving.second, 1, identity(d, handOverVariance));
  const average = emptyMoments(d);
  const stepCount = times.reduce((sum, time, s) => sum + sampler.visitProbabilities[s]! * time, 0);
  steps.forEach((step, s) => {
    let now: Moments = arriving;
    for (let t = 0; t < times[s]!; t++) {
      now = push(now, step);
      addMoments(average, sampler.visitProbabilities[s]! / stepCount, now);
    }
  });
  return { anyStep: toGaussian(average, centre), visitEnd: toGaussian(end, centre) };
}

/** FA-LD: every client runs `localSteps` Langevin steps, then all are averaged with weights p_c. */
export interface AveragingSampler {
  /** eta: drift is multiplied by it, injected noise has variance 2 eta on the average. */
  readonly stepSize: number;
  readonly localSteps: number;
  /** p_c; client energies are scaled so that sum_c p_c f_c is the full energy. */
  readonly weights: readonly number[];
  /** rho in [0, 1]: share rho^2 of the noise variance is common to all clients. */
  readonly commonNoise?: number;
}

/**
 * Law of FA-LD's average right after synchronisation, full batches, temperature 1. The method is reconstructed from Deng et
 * al., "On convergence of federated averaging Langevin dynamics", not checked against the paper; its law is derived here.
 */
export function averagingLaw(model: GaussianModel, sampler: AveragingSampler): Gaussian {
  const { stepSize, localSteps, weights } = sampler;
  const rho = sampler.commonNoise ?? 0;
  const common = rho * rho;
  const centre = modelPosterior(model).mean;
  const d = centre.length;
  // h = 2 eta turns drift h/2 and noise h into drift eta and noise 2 eta.
  const steps = affineSteps(
    model,
    { stepSize: 2 * stepSize, delay: 1, visitProbabilities: weights, assumedProbabilities: weights },
    centre,
  );
  const powers = steps.map(() => identity(d));
  const shift = new Float64Array(d);
  const noise = new Float64Array(d * d);
  for (let k = 0; k < localSteps; k++) {
    const averagePower = new Float64Array(d * d);
    steps.forEach((step, c) => {
      const power = powers[c]!;
      addScaledInto(shift, weights[c]!, matrixVector(power, step.shift));
      addScaledInto(noise, (1 - common) * weights[c]!, congruence(power, step.noise));
      addScaledInto(averagePower, weights[c]!, power);
      powers[c] = matrixProduct(step.map, power, d);
    });
    addScaledInto(noise, common, congruence(averagePower, identity(d, 2 * stepSize)));
  }
  const map = new Float64Array(d * d);
  powers.forEach((power, c) => {
    addScaledInto(map, weights[c]!, power);
  });
  return toGaussian(fixedPoint([{ map, shift, noise }], [1], 0), centre);
}

/** f_s = N_s / N. */
export function proportionalFrequencies(model: GaussianModel): readonly number[] {
  const total = model.shards.reduce((sum, { exampleCount }) => sum + exampleCount, 0);
  return model.shards.map(({ exampleCount }) => exampleCount / total);
}
