import { z } from 'zod';
import type { ReadonlyVector } from '../../../method.js';
import { checkSettings } from '../../../settings-check.js';
import type { GradientStatistics } from './gradient-statistics.js';
import type { Module } from './modules.js';

/** How a server method that hears each client's gradient measures the gradient noise scale; costs no traffic without `ownHalves`. */
export interface NoiseScaleSettings {
  /** Decay factor of the running means of tr(Sigma) and |G|^2, in [0, 1). */
  readonly decay: number;
  /**
   * Each client also compares the two halves of its own batch: sampling noise alone, one number a module of extra traffic.
   * Without it, differences between the clients' data count as noise.
   */
  readonly ownHalves: boolean;
}

const schema: z.ZodType<NoiseScaleSettings> = z.strictObject({
  decay: z.number().min(0).lt(1).default(0.95),
  ownHalves: z.boolean().default(false),
});

/** The settings under `noiseScale` with their defaults; null where the scenario has null: not measured. */
export function noiseScaleSettings(given: object | null): NoiseScaleSettings | null {
  return given === null ? null : checkSettings('method.noiseScale', schema, given);
}

/** Running sums, module by module. Empty before the first estimate and where nothing is measured. */
export interface NoiseScaleState {
  readonly trace: Float64Array;
  readonly signal: Float64Array;
  /** tr(Sigma) between the clients, drift included; the same as `trace` without `ownHalves`. */
  readonly between: Float64Array;
}

export function noNoiseScale(): NoiseScaleState {
  return { trace: new Float64Array(0), signal: new Float64Array(0), between: new Float64Array(0) };
}

/** Share of tr(Sigma) below which |G|^2 is not told from 0: the noise scale is at most its inverse. */
const LEAST_SIGNAL = 1e-8;

/** tr(Sigma) / |G|^2 in examples, of sums over some modules. A negative average becomes the least signal. */
function ratio(trace: number, signal: number): number {
  return trace === 0 ? 0 : trace / Math.max(signal, LEAST_SIGNAL * trace);
}

/** tr(Sigma) of each module from within the clients' batches: their mean by examples. */
export class TracesWithin {
  private readonly sums: Float64Array;
  private examples = 0;

  constructor(moduleCount: number) {
    this.sums = new Float64Array(moduleCount);
  }

  add(examples: number, traces: ReadonlyVector): void {
    this.examples += examples;
    for (let m = 0; m < this.sums.length; m++) this.sums[m] = this.sums[m]! + examples * traces[m]!;
  }

  /** Null before the first batch. */
  mean(): Float64Array | null {
    return this.examples === 0 ? null : this.sums.map((sum) => sum / this.examples);
  }
}

/**
 * Takes one round's statistics into the running means and reports `noiseScale` (in examples) and `noiseScale/<module>`; with
 * `within`, where sampling noise comes from alone, also `driftShare`, the share of the variance between clients that is not
 * sampling noise. Nothing happens where `given` is null or fewer than two gradients were heard. B_simple is a ratio of averages,
 * never an average of ratios; estimates may be negative, and averages are bounded only when divided.
 *
 * Any server method that hears each client's own gradient, or an update that stands for one, can call it.
 *
 * Source: McCandlish et al., "An Empirical Model of Large-Batch Training", 2018, appendix A.1 [M], for unequal batches.
 */
export function measureNoiseScale(
  at: { measure(name: string, value: number): void },
  given: object | null,
  state: NoiseScaleState,
  modules: readonly Module[],
  statistics: GradientStatistics,
  within: Float64Array | null,
): NoiseScaleState {
  const settings = noiseScaleSettings(given);
  const estimates = settings ? statistics.noise() : null;
  if (!settings || !estimates) return state;
  const { decay } = settings;
  const average = (from: Float64Array, m: number, value: number) => decay * (from[m] ?? 0) + (1 - decay) * value;
  const next = {
    trace: new Float64Array(modules.length),
    signal: new Float64Array(modules.length),
    between: new Float64Array(modules.length),
  };
  let [traceSum, signalSum, betweenSum] = [0, 0, 0];
  for (let m = 0; m < modules.length; m++) {
    const { trace: between, signal } = estimates[m]!;
    const trace = within ? within[m]! : between;
    next.trace[m] = average(state.trace, m, trace);
    // |g|^2 - tr(Sigma) / B with the sampling noise alone: the mean of all batches has no other.
    next.signal[m] = average(state.signal, m, signal + (between - trace) / statistics.weight);
    next.between[m] = average(state.between, m, between);
    traceSum += next.trace[m]!;
    signalSum += next.signal[m]!;
    betweenSum += next.between[m]!;
  }
  // Averages begin at 0; the usual correction 1 - decay^t is the same for both and cancels.
  at.measure('noiseScale', ratio(traceSum, signalSum));
  for (const [m, { name }] of modules.entries())
    at.measure(`noiseScale/${name}`, ratio(next.trace[m]!, next.signal[m]!));
  if (within && betweenSum > 0) at.measure('driftShare', Math.max(0, 1 - traceSum / betweenSum));
  return next;
}
