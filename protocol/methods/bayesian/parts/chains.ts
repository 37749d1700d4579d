import type { Setup, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';
import { atLeastZero, count, integer } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';

/** Settings that every sampler has. */
export const chainSettings = {
  chains: count(4, 'Chains that run side by side and never see each other'),
  startStddev: atLeastZero(
    0,
    'Chain c starts at the initial parameters plus N(0, startStddev^2) in every coordinate; 0: all at one point',
  ),
  burnInSteps: integer(0, 'Steps of a chain before its first kept draw', { least: 0 }),
  // Of steps that come in visits of T, a thin that shares a factor with T sees some places within a visit only, whose law
  // differs from that of all steps.
  thin: count(1, 'Every thin-th step is kept; choose one without a common factor with the steps of a visit'),
};
const settings = defineSettings(chainSettings);
export type ChainSettings = SettingsOf<typeof settings>;

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
