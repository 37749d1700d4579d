import type { MessageKind } from '../method.js';
import type { Direction } from './dispatch.js';

/** What codecs did in one direction: real time, and how far the decoded vectors were from what was encoded. */
export interface CodingCost {
  readonly encodeMs: number;
  readonly decodeMs: number;
  /** Sum of |decode(encode(p)) - p|^2 over the vectors p that were encoded. */
  readonly squaredError: number;
  /** Sum of |p|^2. */
  readonly squaredNorm: number;
}
export type CodingCosts = Readonly<Record<Direction, CodingCost>>;

type Sums = { -readonly [K in keyof CodingCost]: CodingCost[K] };
export type CodingSums = Record<Direction, Sums>;

export function noCodingCosts(): CodingSums {
  const none = (): Sums => ({ encodeMs: 0, decodeMs: 0, squaredError: 0, squaredNorm: 0 });
  return { up: none(), down: none(), peer: none() };
}

/** Of a party that no codec has cost anything. */
export const FREE_OF_CODING: CodingCosts = noCodingCosts();

export function addCodingCosts(into: CodingSums, more: CodingCosts): void {
  if (more === FREE_OF_CODING) return;
  for (const direction of ['up', 'down', 'peer'] as const)
    for (const what of ['encodeMs', 'decodeMs', 'squaredError', 'squaredNorm'] as const)
      into[direction][what] += more[direction][what];
}

/** Which way the messages of a kind go. */
export function wayOf({ from, to }: MessageKind): Direction {
  return from === 'coordinator' ? 'down' : to === 'coordinator' ? 'up' : 'peer';
}
