import { GradswarmError } from '../../../errors.js';
import type { Setup, Vector } from '../../../method.js';
import { requireCount, requireNonNegative } from '../../../numerics/settings.js';
import { zerosLike } from '../../../numerics/vector.js';

/** What every sampler says of its chains. */
export interface ChainSettings {
  /** Chains that run side by side and never see each other. */
  readonly chains: number;
  /** Chain c starts at the initial parameters plus N(0, startStddev^2) in every coordinate; 0: all at one point. */
  readonly startStddev: number;
  /** Steps of a chain before its first kept draw. */
  readonly burnInSteps: number;
  /**
   * Every thin-th step is kept. Of steps that come in visits of T, a thin that shares a factor with T sees some places
   * within a visit only, whose law differs from that of all steps: choose one without a common factor.
   */
  readonly thin: number;
}

export const chainDefaults: ChainSettings = { chains: 4, startStddev: 0, burnInSteps: 0, thin: 1 };

export function checkChains({ chains, startStddev, burnInSteps, thin }: ChainSettings): void {
  requireCount('method.chains', chains);
  requireNonNegative('method.startStddev', startStddev);
  if (!(Number.isInteger(burnInSteps) && burnInSteps >= 0))
    throw new GradswarmError(
      'ERR_SCENARIO',
      `method.burnInSteps: expected a whole number of at least 0, got ${burnInSteps}`,
    );
  requireCount('method.thin', thin);
}

/** One start a chain, followed by `auxiliaryVectors` vectors of zeros. A chain's start depends on no other chain. */
export function startsOfChains(
  {
    hyperparameters,
    initialParams,
    shared,
  }: Pick<Setup<ChainSettings>, 'hyperparameters' | 'initialParams' | 'shared'>,
  auxiliaryVectors: number,
): Vector[] {
  const { chains, startStddev } = hyperparameters;
  const d = initialParams.length;
  return Array.from({ length: chains }, (_, chain) => {
    const start = zerosLike(initialParams, d * (1 + auxiliaryVectors));
    const normals = shared.derive('start of chain', chain).normal(d);
    for (let i = 0; i < d; i++) start[i] = initialParams[i]! + startStddev * normals[i]!;
    return start;
  });
}

/** Is the chain's `step`-th step kept, counting from 1? */
export function isKept(step: number, { burnInSteps, thin }: ChainSettings): boolean {
  return step > burnInSteps && (step - burnInSteps) % thin === 0;
}

/** How many of the `steps` steps after step `from` are kept. */
export function keptCount(from: number, steps: number, { burnInSteps, thin }: ChainSettings): number {
  const before = Math.max(0, Math.floor((from - burnInSteps) / thin));
  return Math.max(0, Math.floor((from + steps - burnInSteps) / thin)) - before;
}
