import { GradswarmError } from '../../../errors.js';
import type { Absence, ClientIndex, Links, PartyId, ReadonlyVector, Vector } from '../../../method.js';
import { add, squaredDistance, subtract, zerosLike } from '../../../numerics/vector.js';
import { oneOf } from '../../../settings/kinds.js';

/**
 * Gossip of one vector by compressed residuals. Every peer i has a replica h_i that others can rebuild, sends Q(v_i - h_i), and
 * all receivers add that to their copy of h_i. The method needs the drift (W h - h)_i = sum_j w_ij h_j - h_i.
 *
 * 'plain' is the published form: one broadcast, the own replica and the running aggregate sum_j w_ij h_j. It needs lossless
 * delivery and one graph. 'acknowledged' keeps a pair of copies for each directed link instead, numbers the residuals of a
 * link, and takes back what was not used: the next residual then holds it again. Both are equal when nothing is lost.
 */
export type LinkForm = 'plain' | 'acknowledged';

/** The setting `links` of a method. `plain`: what the published form is for. */
export const linkForm = (plain: string) =>
  oneOf<LinkForm, 'plain'>(
    ['plain', 'acknowledged'],
    'plain',
    `plain: the published form, ${plain}; acknowledged: a pair of copies for each link, for changing graphs and losses`,
  );

/** Kind of the messages; a method adds who may lose them. `sequence`: residuals of the link before this one (0 in the plain form). */
export const residualKind = {
  from: 'clients',
  to: 'peers',
  vectors: ['residual'],
  scalars: ['sequence'],
  lossy: 'contractive',
  memory: 'method',
} as const;

interface Residual {
  readonly residual: ReadonlyVector;
  readonly sequence: number;
}

interface Broadcast {
  readonly form: 'plain';
  /** In float64 whatever the run's precision: sums of many residuals, which must agree with each other. */
  readonly own: Float64Array;
  readonly mixed: Float64Array;
  /** In-neighbours whose residuals `mixed` holds; null before the first round. */
  readonly inNeighbors: readonly ClientIndex[] | null;
}

/** What a peer holds of this one, as far as this one knows. */
interface Outgoing {
  readonly peer: ClientIndex;
  readonly value: Vector;
  readonly sequence: number;
  /** The copy before the last round's residual, and the weight it had there; null: none was sent. */
  readonly before: Vector | null;
  readonly weight: number;
}

interface Incoming {
  readonly peer: ClientIndex;
  readonly value: Vector;
  readonly sequence: number;
}

interface PerLink {
  readonly form: 'acknowledged';
  readonly outgoing: readonly Outgoing[];
  readonly incoming: readonly Incoming[];
}

export type Gossip = Broadcast | PerLink;

/** What an exchange needs of a client's round; `at` of any method that has the kind `K` of `residualKind`. */
export interface GossipRound<K extends string> {
  readonly self: ClientIndex;
  readonly links: Links;
  readonly undelivered: readonly { readonly kind: string; readonly to: PartyId }[];
  post(kind: K, to: readonly PartyId[], payload: Residual): Residual;
  postEach(kind: K, deliveries: readonly { readonly to: PartyId; readonly payload: Residual }[]): readonly Residual[];
  take(kind: K): Promise<readonly ({ readonly from: PartyId } & Residual)[] & { readonly absent: readonly Absence[] }>;
}

/** `formerNames` of a half whose state holds the in-neighbours of the last round. */
export const FORMER_GOSSIP_NAMES = { inNeighbors: 'hears' };

export function beginGossip(form: LinkForm, like: ReadonlyVector): Gossip {
  if (form === 'acknowledged') return { form, outgoing: [], incoming: [] };
  return { form: 'plain', own: new Float64Array(like.length), mixed: new Float64Array(like.length), inNeighbors: null };
}

/**
 * Takes back the residuals of the last round that their receivers did not use. `owed`: what the drift of that round lacks for
 * it, so that added to the drift it makes the exchange of every edge antisymmetric again; null: nothing.
 */
export function settleGossip<K extends string>(
  gossip: Gossip,
  kind: K,
  { undelivered }: Pick<GossipRound<K>, 'undelivered'>,
): { readonly gossip: Gossip; readonly owed: Vector | null } {
  if (gossip.form === 'plain') return { gossip, owed: null };
  const unused = new Set(undelivered.flatMap((post) => (post.kind === kind ? [post.to] : [])));
  if (unused.size === 0) return { gossip, owed: null };
  let owed: Vector | null = null;
  const outgoing = gossip.outgoing.map((copy): Outgoing => {
    if (copy.before === null || !unused.has(copy.peer)) return copy;
    owed ??= zerosLike(copy.value);
    for (let i = 0; i < owed.length; i++) owed[i] = owed[i]! + copy.weight * (copy.value[i]! - copy.before[i]!);
    return { ...copy, value: copy.before, sequence: copy.sequence - 1, before: null };
  });
  return { gossip: { ...gossip, outgoing }, owed };
}

/** Sends the difference of `value` and its replicas, receives those of all peers, and forms the drift. */
export async function exchange<K extends string>(
  gossip: Gossip,
  kind: K,
  value: Vector,
  at: GossipRound<K>,
): Promise<{ readonly gossip: Gossip; readonly drift: Vector }> {
  return gossip.form === 'plain' ? broadcast(gossip, kind, value, at) : overLinks(gossip, kind, value, at);
}

/** An aggregate over peers is of one graph: a replica that missed a round stays wrong. Throws ERR_SCENARIO. */
export function requireSamePeers(
  known: readonly ClientIndex[] | null,
  now: readonly ClientIndex[],
  cure: string,
): void {
  if (known === null || (known.length === now.length && known.every((peer, i) => peer === now[i]))) return;
  throw new GradswarmError(
    'ERR_SCENARIO',
    `topology: expected the same graph in every round, since the method keeps a sum over its peers; ${cure}`,
  );
}

async function broadcast<K extends string>(
  { own, mixed, inNeighbors }: Broadcast,
  kind: K,
  value: Vector,
  at: GossipRound<K>,
): Promise<{ readonly gossip: Gossip; readonly drift: Vector }> {
  requireSamePeers(inNeighbors, at.links.inNeighbors, "set method.links to 'acknowledged' or take a fixed topology");
  const posted = at.post(kind, at.links.outNeighbors, { residual: subtract(value, own), sequence: 0 });
  const received = await at.take(kind);
  const nextOwn = own.slice();
  const nextMixed = mixed.slice();
  for (let i = 0; i < nextOwn.length; i++) nextOwn[i]! += posted.residual[i]!;
  for (const { from, residual } of received) {
    const weight = at.links.weightFrom(from);
    for (let i = 0; i < nextMixed.length; i++) nextMixed[i]! += weight * residual[i]!;
  }
  const drift = zerosLike(value);
  for (let i = 0; i < drift.length; i++) drift[i] = nextMixed[i]! - nextOwn[i]!;
  return { gossip: { form: 'plain', own: nextOwn, mixed: nextMixed, inNeighbors: at.links.inNeighbors }, drift };
}

async function overLinks<K extends string>(
  gossip: PerLink,
  kind: K,
  value: Vector,
  at: GossipRound<K>,
): Promise<{ readonly gossip: Gossip; readonly drift: Vector }> {
  const { links, self } = at;
  const sent = new Map(gossip.outgoing.map((copy) => [copy.peer, { ...copy, before: null } as Outgoing]));
  const receivers = links.outNeighbors.filter((peer) => peer !== self);
  const before = receivers.map((peer) => sent.get(peer) ?? begun(peer, value));
  for (const copy of sendResiduals(kind, value, before, at)) sent.set(copy.peer, copy);
  const received = await at.take(kind);
  const incoming = new Map(gossip.incoming.map((copy) => [copy.peer, copy]));
  // A peer that did not run neither sends nor receives; one that has restarted could not use the residual of an old copy.
  const away = new Set<PartyId>();
  for (const { from, why } of received.absent) if (why === 'crashed' || why === 'aborted') away.add(from);
  for (const copy of before) if (away.has(copy.peer)) sent.set(copy.peer, copy);
  for (const message of received) {
    const peer = message.from as ClientIndex;
    if (peer === self) continue;
    const known = incoming.get(peer);
    if (message.sequence === 0) {
      incoming.set(peer, { peer, value: add(zerosLike(value), message.residual), sequence: 1 });
      if (known && sent.has(peer)) {
        sent.set(peer, begun(peer, value));
        away.add(peer);
      }
    } else if (known && message.sequence === known.sequence)
      incoming.set(peer, { peer, value: add(known.value, message.residual), sequence: known.sequence + 1 });
  }
  const drift = driftOf(value, at, receivers, sent, incoming, away);
  const byPeer = (a: { readonly peer: number }, b: { readonly peer: number }) => a.peer - b.peer;
  return {
    gossip: {
      form: 'acknowledged',
      outgoing: [...sent.values()].sort(byPeer),
      incoming: [...incoming.values()].sort(byPeer),
    },
    drift,
  };
}

function begun(peer: ClientIndex, like: ReadonlyVector): Outgoing {
  return { peer, value: zerosLike(like), sequence: 0, before: null, weight: 0 };
}

/** One encoding for all peers where they hold equal copies in every bit, as they do until something is lost; else one for each. */
function sendResiduals<K extends string>(
  kind: K,
  value: Vector,
  before: readonly Outgoing[],
  at: GossipRound<K>,
): readonly Outgoing[] {
  const [first] = before;
  if (!first) return [];
  const residualOf = ({ value: held, sequence }: Outgoing): Residual => ({ residual: subtract(value, held), sequence });
  const after = (copy: Outgoing, held: Vector): Outgoing => ({
    peer: copy.peer,
    value: held,
    sequence: copy.sequence + 1,
    before: copy.value,
    weight: at.links.weightTo(copy.peer),
  });
  if (
    before.every(({ value: held, sequence }) => sequence === first.sequence && squaredDistance(held, first.value) === 0)
  ) {
    const posted = at.post(
      kind,
      before.map(({ peer }) => peer),
      residualOf(first),
    );
    const held = add(first.value, posted.residual);
    return before.map((copy) => after(copy, held));
  }
  const posted = at.postEach(
    kind,
    before.map((copy) => ({ to: copy.peer, payload: residualOf(copy) })),
  );
  return before.map((copy, i) => after(copy, add(copy.value, posted[i]!.residual)));
}

/** Sum over links of what comes in less what goes out: over all peers it cancels, edge by edge, whatever W's rows sum to. */
function driftOf<K extends string>(
  like: Vector,
  { links, self }: GossipRound<K>,
  receivers: readonly ClientIndex[],
  sent: ReadonlyMap<ClientIndex, Outgoing>,
  incoming: ReadonlyMap<ClientIndex, Incoming>,
  away: ReadonlySet<PartyId>,
): Vector {
  const sums = new Float64Array(like.length);
  for (const peer of links.inNeighbors) {
    const copy = incoming.get(peer);
    if (peer === self || !copy || away.has(peer)) continue;
    const weight = links.weightFrom(peer);
    for (let i = 0; i < sums.length; i++) sums[i]! += weight * copy.value[i]!;
  }
  for (const peer of receivers) {
    if (away.has(peer)) continue;
    const weight = links.weightTo(peer);
    const { value } = sent.get(peer)!;
    for (let i = 0; i < sums.length; i++) sums[i]! -= weight * value[i]!;
  }
  const drift = zerosLike(like);
  drift.set(sums);
  return drift;
}
