import type { AnyClientHalf, AnyMethod, PartyId, ReadonlyVector, Rng } from '../../protocol/method.js';
import type { RoundMailbox } from '../../protocol/party/mailbox.js';
import type { Seal } from '../../protocol/wire/seal.js';
import { withClientHalf } from '../../scenarios/check/parts/changed-halves.js';
import type { Fleet } from '../../scenarios/run/fleet.js';

/** Faults that the contract suite must catch. The first group is planted in an opened fleet, the second in a method. */

/** Senders whose frames have arrived come first, in order of arrival; then the others. */
class ByArrival extends Array<PartyId> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  arrived: () => readonly PartyId[] = () => [];

  override *[Symbol.iterator](): ArrayIterator<PartyId> {
    const left = new Set(Array.prototype.slice.call(this) as PartyId[]);
    while (left.size > 0) {
      const next = this.arrived().find((party) => left.has(party)) ?? left.values().next().value!;
      left.delete(next);
      yield next;
    }
  }

  /** Read lazily, as `stream` walks its senders. */
  override map<U>(each: (party: PartyId, index: number, all: PartyId[]) => U): U[] {
    const walk = this[Symbol.iterator]();
    const lazy = {
      *[Symbol.iterator]() {
        for (const party of walk) yield each(party, 0, []);
      },
    };
    return lazy as unknown as U[];
  }
}

/** Inboxes in the order in which frames came. */
export function arrivalOrderInbox({ site }: Fleet): void {
  site.host.inboxOrder = (senders, mailbox, layout, step) => {
    const order = new ByArrival();
    order.push(...senders);
    order.arrived = () => mailbox.arrivalOrder(layout.index, step);
    return order;
  };
}

/** All parties draw from one stream, in the order in which they happen to be called. */
export function sharedRandomStream({ site }: Fleet): void {
  const one = site.host.streamOf('coordinator', 0);
  const words: Rng = Object.assign(Object.create(one), { derive: () => words });
  site.host.streamOf = () => words;
}

/** Vectors travel as they are although the scenario names codecs. */
export function skippedCodec({ site }: Fleet): void {
  const codings = site.codings as Map<string, unknown>;
  if (codings.size === 0) throw new Error('this scenario has no codec to skip');
  codings.clear();
}

/** Streams are keyed by the rounds done since this process began, not by the round's own number. */
export function streamsKeyedSinceStart({ site }: Fleet): void {
  const { host } = site;
  const { streamOf } = host;
  let first: number | null = null;
  host.streamOf = (party, round) => streamOf.call(host, party, round - (first ??= round));
}

/** Streams are keyed by the next round's number. */
export function offByOneRoundKey({ site }: Fleet): void {
  const { host } = site;
  const { streamOf } = host;
  host.streamOf = (party, round) => streamOf.call(host, party, round + 1);
}

/** A seal without its round: what a party sealed last counts in the rounds that follow too. */
export function sealWithoutRound({ site }: Fleet): void {
  const { office } = site;
  const last = new Map<PartyId, Map<PartyId, Seal>>();
  const { open, seal } = office;
  office.seal = (sent, to) => {
    for (const party of to) {
      const sealed = last.get(party) ?? new Map<PartyId, Seal>();
      last.set(party, sealed);
      sealed.set(sent.from, sent);
    }
    seal.call(office, sent, to);
  };
  office.open = (party, round, attempt): RoundMailbox => {
    const mailbox = open.call(office, party, round, attempt);
    for (const stale of last.get(party)?.values() ?? []) if (stale.round < round) mailbox.seal(stale);
    return mailbox;
  };
}

type Half = AnyClientHalf;
type Round = Parameters<Half['round']>[1];

const writable = (vector: ReadonlyVector): Float64Array => vector as Float64Array;

function withOwn(at: Round, own: Record<string, unknown>): Round {
  return new Proxy(at, {
    get(target, key) {
      if (typeof key === 'string' && Object.hasOwn(own, key)) return own[key];
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The client half scales the first vector of `kind` that it receives, in place, once it has used it. */
export function writesIntoReceived(method: AnyMethod, kind: string, field: string): AnyMethod {
  return withClientHalf(method, (half) => ({
    ...half,
    async round(state, at) {
      let received: ReadonlyVector | null = null;
      const next = await half.round(
        state,
        withOwn(at, {
          async take(name: string) {
            const inbox = await at.take(name);
            if (name === kind) received = (inbox[0] as unknown as Record<string, ReadonlyVector>)?.[field] ?? null;
            return inbox;
          },
        }),
      );
      if (received) writable(received)[0]! *= 1.5;
      return next;
    },
  }));
}

/** The client half changes a vector of the state it was given and returns that state. */
export function changesStateInPlace(method: AnyMethod, field: string): AnyMethod {
  return withClientHalf(method, (half) => ({
    ...half,
    async round(state, at) {
      const next = await half.round(state, at);
      const kept = writable((state as Record<string, ReadonlyVector>)[field]!);
      kept.set((next as Record<string, Float64Array>)[field]!);
      return { ...(next as object), [field]: kept };
    },
  }));
}

/** The client half posts a buffer of its own and writes into it when the round is over. */
export function postsScratchBuffer(method: AnyMethod, kind: string, field: string): AnyMethod {
  return withClientHalf(method, (half) => ({
    ...half,
    async round(state, at) {
      const scratches: Float64Array[] = [];
      const next = await half.round(
        state,
        withOwn(at, {
          post(name: string, to: never, payload: Record<string, ReadonlyVector>) {
            if (name !== kind) return at.post(name, to, payload as never);
            const scratch = writable(payload[field]!).slice();
            scratches.push(scratch);
            return at.post(name, to, { ...payload, [field]: scratch } as never);
          },
        }),
      );
      for (const scratch of scratches) scratch.fill(0);
      return next;
    },
  }));
}
