import type { Absence, ClientIndex, Links, PartyId, ReadonlyVector, Vector } from '../../../method.js';
import { copy, squaredDistance, zerosLike } from '../../../numerics/vector.js';
import { mixCopies } from './mix.js';

/**
 * Variance-reduced aggregation of x and s over links that add noise, a reconstruction. The sender combines
 *
 *   u^k = (v^k - (1 - beta_k) v^{k-1}) / beta_k
 *
 * and the receiver of r = u + noise keeps, for each link, a^k = (1 - beta_k) a^{k-1} + beta_k r. Whatever v does, the error
 * e = a - v follows e^k = (1 - beta_k) e^{k-1} + beta_k noise exactly, so old noise is averaged away. Here v^{k-1} is what the
 * receiver last received: a lost message, or a link that the graph did not have for some rounds, leaves the
 * estimate old, and the next message makes it exact again.
 */
export interface Aggregation {
  /** Of what peers hold, one a link. */
  readonly estimates: readonly (Both & { readonly peer: ClientIndex })[];
  /** The vectors that each peer last received, as far as known: before the last round. */
  readonly delivered: readonly (Both & { readonly peer: ClientIndex })[];
  /** What the last round's messages were about, and their receivers. */
  readonly sent: (Both & { readonly to: readonly ClientIndex[] }) | null;
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

/** `formerNames` of a half whose state holds an aggregation. */
export const FORMER_AGGREGATION_NAMES = { delivered: 'told' };

export const NO_AGGREGATION: Aggregation = { estimates: [], delivered: [], sent: null };

/** (v - (1 - beta) previous) / beta; v itself, in every bit, for beta = 1. */
function combined(v: ReadonlyVector, previous: ReadonlyVector, beta: number): Vector {
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

/** Sends and receives in one round; `of`: the estimates of W x and W s. */
export async function aggregate(
  aggregation: Aggregation,
  own: Both,
  beta: number,
  at: AggregationRound,
): Promise<{ readonly aggregation: Aggregation; readonly of: Both }> {
  const { links, self } = at;
  const delivered = settled(aggregation, at);
  onSend(own, beta, delivered, at);
  const received = await at.take('combined');
  const kept = new Map(aggregation.estimates.map((estimate) => [estimate.peer as PartyId, estimate]));
  for (const { from, x, s, weight } of received) {
    if (from === self) continue;
    const before = kept.get(from);
    const peer = from as ClientIndex;
    // A receiver that lost its estimates begins with the combined vector, whose error beta forgets.
    if (weight === 1 || !before) kept.set(from, { peer, x: copy(x), s: copy(s) });
    else kept.set(from, { peer, x: absorbed(before.x, x, weight), s: absorbed(before.s, s, weight) });
  }
  // A peer that did not run received nothing, and sends no notice of that.
  const away = new Set(
    received.absent.flatMap(({ from, why }) => (why === 'crashed' || why === 'aborted' ? [from] : [])),
  );
  const byPeer = (a: { readonly peer: number }, b: { readonly peer: number }) => a.peer - b.peer;
  return {
    aggregation: {
      estimates: [...kept.values()].sort(byPeer),
      delivered: [...delivered].map(([peer, vectors]) => ({ peer, x: vectors.x, s: vectors.s })).sort(byPeer),
      sent: { ...own, to: links.outNeighbors.filter((peer) => peer !== self && !away.has(peer)) },
    },
    of: {
      x: mixCopies(links, self, own.x, (peer) => kept.get(peer)?.x),
      s: mixCopies(links, self, own.s, (peer) => kept.get(peer)?.s),
    },
  };
}

/** The vectors that each peer is known to have received, after the last round's losses are known. */
function settled({ delivered, sent }: Aggregation, { undelivered }: AggregationRound): Map<ClientIndex, Both> {
  const unused = new Set(undelivered.map(({ to }) => to));
  const result = new Map<ClientIndex, Both>(delivered.map((vectors) => [vectors.peer, vectors]));
  for (const peer of sent?.to ?? []) if (!unused.has(peer)) result.set(peer, sent!);
  return result;
}

/** One encoding for all peers that have received the same vectors, as all have until a loss; else one for each. */
function onSend(own: Both, beta: number, delivered: ReadonlyMap<ClientIndex, Both>, at: AggregationRound): void {
  const { links, self } = at;
  const about = (base: Both | undefined): Combined =>
    base
      ? { x: combined(own.x, base.x, beta), s: combined(own.s, base.s, beta), weight: beta }
      : { x: own.x, s: own.s, weight: 1 };
  const peers = links.outNeighbors.filter((peer) => peer !== self);
  const first = peers[0] === undefined ? undefined : delivered.get(peers[0]);
  if (peers.every((peer) => isSame(delivered.get(peer), first))) at.post('combined', links.outNeighbors, about(first));
  else
    at.postEach(
      'combined',
      links.outNeighbors.map((to) => ({
        to,
        payload: about(to === self ? first : delivered.get(to)),
        stream: `to ${to}`,
      })),
    );
}

/** Equal in every number: compared by content, so that a resumed run sends what the whole run sends. */
function isSame(a: Both | undefined, b: Both | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (a.x === b.x && a.s === b.s) || (squaredDistance(a.x, b.x) === 0 && squaredDistance(a.s, b.s) === 0);
}
