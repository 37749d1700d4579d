import type { Rng } from '../../protocol/method.js';
import { exp, log } from '../../protocol/numerics/elementary.js';
import type { LogDensity } from '../../worker/objectives/log-posterior/posterior-density.js';

/**
 * Hamiltonian Monte Carlo as a reference for posteriors that have no closed form: leapfrog, a diagonal mass matrix and
 * the step size by dual averaging (Hoffman, Gelman, "The No-U-Turn Sampler", JMLR 2014, section 3.2), both fixed after
 * warm-up, so that the kept draws are exactly invariant. Trajectory lengths are jittered, which avoids periodic orbits.
 */

export interface HmcSettings {
  readonly chainCount: number;
  readonly warmupCount: number;
  /** Kept draws a chain. */
  readonly drawCount: number;
  /** Mean acceptance that the step size is tuned to, in (0, 1). */
  readonly targetAcceptance: number;
  /** Length of a trajectory in units of the scaled coordinates; pi/2 forgets the start for a Gaussian. */
  readonly trajectoryLength: number;
  readonly maxLeapfrogSteps: number;
  /** Starts are N(0, startStddev^2) in every coordinate, unless `starts` are given, one a chain. */
  readonly startStddev: number;
  readonly starts?: readonly ArrayLike<number>[];
}

const hmcDefaults: HmcSettings = {
  chainCount: 4,
  warmupCount: 1000,
  drawCount: 1000,
  targetAcceptance: 0.8,
  trajectoryLength: Math.PI / 2,
  maxLeapfrogSteps: 1000,
  startStddev: 1,
};

export interface HmcChain {
  /** drawCount x dimension, row by row. */
  readonly draws: Float64Array;
  /** Mean acceptance probability of the kept draws. */
  readonly acceptance: number;
  readonly stepSize: number;
  /** Estimated posterior variances: the inverse of the diagonal mass matrix. */
  readonly variances: Float64Array;
}

class Sampler {
  stepSize = 0.1;
  readonly variances: Float64Array;
  readonly position: Float64Array;
  private value: number;
  private readonly gradient: Float64Array;
  private readonly trial: Float64Array;
  private readonly trialGradient: Float64Array;

  constructor(
    private readonly density: LogDensity,
    private readonly settings: HmcSettings,
    private readonly rng: Rng,
    start: Float64Array,
  ) {
    const d = density.dimension;
    this.variances = new Float64Array(d).fill(1);
    this.position = start;
    this.gradient = new Float64Array(d);
    this.trial = new Float64Array(d);
    this.trialGradient = new Float64Array(d);
    this.value = density.evaluate(start, this.gradient);
    if (!Number.isFinite(this.value))
      throw new RangeError(`HMC: the log-density at the start is ${this.value}; give starts inside the support`);
  }

  /** One transition with `steps` leapfrog steps; returns its acceptance probability. */
  private transition(steps: number): number {
    const { position, trial, trialGradient, variances, stepSize } = this;
    const d = position.length;
    const momentum = Float64Array.from(this.rng.normal(d));
    let kinetic = 0;
    for (let i = 0; i < d; i++) {
      kinetic += 0.5 * momentum[i]! * momentum[i]!;
      momentum[i] = momentum[i]! / Math.sqrt(variances[i]!);
    }
    trial.set(position);
    trialGradient.set(this.gradient);
    let value = this.value;
    for (let step = 0; step < steps && Number.isFinite(value); step++) {
      for (let i = 0; i < d; i++) {
        momentum[i] = momentum[i]! + 0.5 * stepSize * trialGradient[i]!;
        trial[i] = trial[i]! + stepSize * variances[i]! * momentum[i]!;
      }
      value = this.density.evaluate(trial, trialGradient);
      for (let i = 0; i < d; i++) momentum[i] = momentum[i]! + 0.5 * stepSize * trialGradient[i]!;
    }
    let nextKinetic = 0;
    for (let i = 0; i < d; i++) nextKinetic += 0.5 * momentum[i]! * momentum[i]! * variances[i]!;
    const gain = value - nextKinetic - (this.value - kinetic);
    const acceptance = Number.isNaN(gain) || gain === Number.POSITIVE_INFINITY ? 0 : Math.min(1, exp(gain));
    if (this.rng.uniform() < acceptance) {
      position.set(trial);
      this.gradient.set(trialGradient);
      this.value = value;
    }
    return acceptance;
  }

  /** One transition of jittered length, uniform between a half and the whole trajectory. */
  step(): number {
    const { trajectoryLength, maxLeapfrogSteps } = this.settings;
    const length = trajectoryLength * (0.5 + 0.5 * this.rng.uniform());
    return this.transition(Math.max(1, Math.min(maxLeapfrogSteps, Math.ceil(length / this.stepSize))));
  }

  /** Doubles or halves the step until one leapfrog step is accepted about half the time. */
  findStepSize(): void {
    this.stepSize = 1;
    const larger = this.transition(1) > 0.5;
    for (let trial = 0; trial < 60; trial++) {
      this.stepSize *= larger ? 2 : 0.5;
      if (this.transition(1) > 0.5 !== larger) break;
    }
  }
}

/** Dual averaging of ln(step size) (JMLR 2014, algorithm 5; gamma 0.05, t0 10, kappa 0.75). */
class StepSizeTuner {
  private readonly anchor: number;
  private errorMean = 0;
  private logAverage = 0;
  private count = 0;

  constructor(
    initial: number,
    private readonly target: number,
  ) {
    this.anchor = log(10 * initial);
  }

  /** The step size to try next. */
  update(acceptance: number): number {
    this.count++;
    const weight = 1 / (this.count + 10);
    this.errorMean = (1 - weight) * this.errorMean + weight * (this.target - acceptance);
    const logStep = this.anchor - (Math.sqrt(this.count) / 0.05) * this.errorMean;
    const forget = exp(-0.75 * log(this.count));
    this.logAverage = forget * logStep + (1 - forget) * this.logAverage;
    return exp(logStep);
  }

  get tuned(): number {
    return exp(this.logAverage);
  }
}

/** Runs `count` tuned transitions; with `adapt`, their spread then becomes the mass matrix. */
function warmUp(sampler: Sampler, settings: HmcSettings, count: number, adapt: boolean): void {
  sampler.findStepSize();
  const tuner = new StepSizeTuner(sampler.stepSize, settings.targetAcceptance);
  const d = sampler.position.length;
  const mean = new Float64Array(d);
  const squares = new Float64Array(d);
  for (let n = 1; n <= count; n++) {
    sampler.stepSize = tuner.update(sampler.step());
    for (let i = 0; i < d; i++) {
      const difference = sampler.position[i]! - mean[i]!;
      mean[i] = mean[i]! + difference / n;
      squares[i] = squares[i]! + difference * (sampler.position[i]! - mean[i]!);
    }
  }
  if (count > 0) sampler.stepSize = tuner.tuned;
  // A little towards the unit matrix, as the spread of few draws is uncertain.
  if (adapt && count > 1)
    for (let i = 0; i < d; i++)
      sampler.variances[i] = (squares[i]! / (count - 1)) * (count / (count + 5)) + 5e-3 / (count + 5);
}

function runChain(density: LogDensity, settings: HmcSettings, rng: Rng, chain: number): HmcChain {
  const given = settings.starts?.[chain];
  const start = given
    ? Float64Array.from(given)
    : Float64Array.from(rng.normal(density.dimension), (z) => settings.startStddev * z);
  const sampler = new Sampler(density, settings, rng, start);
  const { warmupCount, drawCount } = settings;
  // The way in from the start, two estimates of the mass matrix, then the step size for the last of them.
  const phases = [0.15, 0.25, 0.4].map((share) => Math.floor(share * warmupCount));
  for (const [phase, count] of phases.entries()) warmUp(sampler, settings, count, phase > 0);
  warmUp(sampler, settings, warmupCount - phases.reduce((sum, count) => sum + count, 0), false);
  const d = density.dimension;
  const draws = new Float64Array(drawCount * d);
  let acceptance = 0;
  for (let n = 0; n < drawCount; n++) {
    acceptance += sampler.step() / drawCount;
    draws.set(sampler.position, n * d);
  }
  return { draws, acceptance, stepSize: sampler.stepSize, variances: sampler.variances };
}

/** Independent chains, chain c on `rng.derive('hmc', c)`: the same draws for the same stream. */
export function sampleHmc(density: LogDensity, settings: Partial<HmcSettings>, rng: Rng): readonly HmcChain[] {
  const complete = { ...hmcDefaults, ...settings };
  return Array.from({ length: complete.chainCount }, (_, chain) =>
    runChain(density, complete, rng.derive('hmc', chain), chain),
  );
}

/** One coordinate of every chain, as the diagnostics take it. */
export function coordinateOf(
  chains: readonly HmcChain[],
  dimension: number,
  coordinate: number,
): readonly Float64Array[] {
  return chains.map(({ draws }) =>
    Float64Array.from({ length: draws.length / dimension }, (_, n) => draws[n * dimension + coordinate]!),
  );
}
