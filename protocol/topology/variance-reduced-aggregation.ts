import type { Absence, ClientIndex, Links, PartyId, ReadonlyVector, Vector } from '../method.js';
import { copy, zerosLike } from '../numerics/vector.js';
import { mixCopies } from './mix.js';

/**
 * Variance-reduced aggregation of x and s over links that add noise, a reconstruction. The sender combines
 *
 *   u^k = (v^k - (1 - beta_k) v^{k-1}) / beta_k
 *
 * and the receiver of r = u + noise keeps, for each link, a^k = (1 - beta_k) a^{k-1} + beta_k r. Whatever v does, the error
 * e = a - v follows e^k = (1 - beta_k) e^{k-1} + beta_k noise exactly, so old noise is averaged away. One estimate a link, not
 * one aggregate: a message that does not come leaves its estimate one step behind, and nothing else.
 */
export interface Aggregation {
  /** What was sent about last round. */
  readonly previous: Both | null;
  readonly estimates: readonly (Both & { readonly peer: ClientIndex })[];
  /** Peers that hold an estimate of this one, ascending. */
  readonly told: readonly ClientIndex[];
  /** Peers that were sent their first vector, uncombined, in the last round. */
  readonly begun: readonly ClientIndex[];
}

export interface Both {
  readonly x: Vector;
  readonly s: Vector;
}

interface Combined {
  readonly x: ReadonlyVector;
  readonly s: ReadonlyVector;
  /** beta of this message; 1: the vectors themselves. */
  readonly weight: number;
}

export const combinedKind = {
  from: 'clients',
  to: 'peers',
  vectors: ['x', 's'],
  scalars: ['weight'],
  lossy: 'unbiased',
} as const;

/** What an aggregation needs of a client's round; `at` of a method whose kind `combined` is `combinedKind`. */
export interface AggregationRound {
  readonly self: ClientIndex;
  readonly links: Links;
  readonly undelivered: readonly { readonly kind: string; readonly to: PartyId }[];
  post(kind: 'combined', to: readonly PartyId[], payload: Combined): unknown;
  postEach(
    kind: 'combined',
    deliveries: readonly { readonly to: PartyId; readonly payload: Combined; readonly stream?: string }[],
  ): unknown;
  take(
    kind: 'combined',
  ): Promise<readonly ({ readonly from: PartyId } & Combined)[] & { readonly absent: readonly Absence[] }>;
}

export const NO_AGGREGATION: Aggregation = { previous: null, estimates: [], told: [], begun: [] };

/** (v - (1 - beta) previous) / beta; v itself, in every bit, for beta = 1. */
export function combined(v: ReadonlyVector, previous: ReadonlyVector, beta: number): Vector {
  const result = zerosLike(v);
  for (let i = 0; i < result.length; i++) result[i] = (v[i]! - (1 - beta) * previous[i]!) / beta;
  return result;
}

/** (1 - beta) estimate + beta received. */
function absorbed(estimate: ReadonlyVector, received: ReadonlyVector, beta: number): Vector {
  const result = zerosLike(received);
  for (let i = 0; i < result.length; i++) result[i] = (1 - beta) * estimate[i]! + beta * received[i]!;
  return result;
}

/** Sends and hears one round; `of`: the estimates of W x and W s. */
export async function aggregate(
  aggregation: Aggregation,
  own: Both,
  beta: number,
  at: AggregationRound,
): Promise<{ readonly aggregation: Aggregation; readonly of: Both }> {
  const { links, self } = at;
  const { previous, estimates } = aggregation;
  const unused = new Set(at.undelivered.map(({ to }) => to));
  const told = new Set<PartyId>([...aggregation.told, ...aggregation.begun.filter((peer) => !unused.has(peer))]);
  const whole: Combined = { x: own.x, s: own.s, weight: 1 };
  const message: Combined = previous
    ? { x: combined(own.x, previous.x, beta), s: combined(own.s, previous.s, beta), weight: beta }
    : whole;
  const begun = links.tells.filter((peer) => peer !== self && !told.has(peer));
  if (begun.length === 0 || previous === null) at.post('combined', links.tells, message);
  else
    at.postEach(
      'combined',
      links.tells.map((to) => ({ to, payload: to === self || told.has(to) ? message : whole, stream: `to ${to}` })),
    );
  const heard = await at.take('combined');
  const kept = new Map(estimates.map((estimate) => [estimate.peer as PartyId, estimate]));
  for (const { from, x, s, weight } of heard) {
    if (from === self) continue;
    const before = kept.get(from);
    const peer = from as ClientIndex;
    // A receiver that lost its estimates begins with the combined vector, whose error beta forgets.
    if (weight === 1 || !before) kept.set(from, { peer, x: copy(x), s: copy(s) });
    else kept.set(from, { peer, x: absorbed(before.x, x, weight), s: absorbed(before.s, s, weight) });
  }
  // Nobody says that a peer which did not run has heard nothing.
  const away = new Set(heard.absent.flatMap(({ from, why }) => (why === 'crashed' || why === 'aborted' ? [from] : [])));
  return {
    aggregation: {
      previous: own,
      estimates: [...kept.values()].sort((a, b) => a.peer - b.peer),
      told: ([...told] as ClientIndex[]).sort((a, b) => a - b),
      begun: begun.filter((peer) => !away.has(peer)),
    },
    of: {
      x: mixCopies(links, self, own.x, (peer) => kept.get(peer)?.x),
      s: mixCopies(links, self, own.s, (peer) => kept.get(peer)?.s),
    },
  };
}
