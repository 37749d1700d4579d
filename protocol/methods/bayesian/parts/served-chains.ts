import type { MessageKind, ReadonlyVector, Setup, Vector } from '../../../method.js';
import { indexBelow, ofLengths } from '../../parts/fits.js';
import { type ChainSettings, isKept, startsOfChains } from './chains.js';

/** Chains that stay with the coordinator, which asks the clients for gradients or for local copies. */
export interface ServedChains {
  readonly positions: readonly Vector[];
  /** Steps of every chain. */
  readonly steps: number;
  /** Draws that the last round kept, by chain. */
  readonly draws: readonly Vector[];
}

export function startServed(setup: Setup<ChainSettings>): ServedChains {
  return { positions: startsOfChains(setup, 0), steps: 0, draws: [] };
}

/** Vectors of one length, one after the other. */
export function joined(vectors: readonly ReadonlyVector[], zeros: (length: number) => Vector): Vector {
  const all = zeros(vectors.reduce((length, vector) => length + vector.length, 0));
  let offset = 0;
  for (const vector of vectors) {
    all.set(vector as Vector, offset);
    offset += vector.length;
  }
  return all;
}

/** `count` views of equal length. */
export function parted(all: ReadonlyVector, count: number): ReadonlyVector[] {
  const d = all.length / count;
  return Array.from({ length: count }, (_, k) => all.subarray(k * d, (k + 1) * d));
}

/** A message with the vector `field` of all chains. */
export function allChains(field: string): NonNullable<MessageKind['fits']> {
  return ofLengths(({ hyperparameters: { chains }, parameterCount }) => ({ [field]: chains * parameterCount }));
}

/** A message of one chain, which it names. */
export const ofOneChain = indexBelow('chain', ({ hyperparameters: { chains } }) => chains);

/** Collects what is kept of one round's steps, all chains in step. */
export class DrawKeeper {
  private readonly kept: Vector[][];

  constructor(private readonly settings: ChainSettings) {
    this.kept = Array.from({ length: settings.chains }, () => []);
  }

  /** `step`: counted from 1 over the whole run. */
  keep(step: number, positions: readonly Vector[]): void {
    if (!isKept(step, this.settings)) return;
    positions.forEach((position, chain) => {
      this.kept[chain]!.push(position);
    });
  }

  /** One vector a chain, draw after draw. */
  finish(zeros: (length: number) => Vector): Vector[] {
    return this.kept.map((draws) => joined(draws, zeros));
  }
}
