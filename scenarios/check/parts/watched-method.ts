import type { AnyClientHalf, AnyMethod, MessageKind, ReadonlyVector } from '../../../protocol/method.js';
import { encodeState } from '../../../protocol/party/state-codec.js';
import { withClientHalf, withCoordinatorHalf } from './changed-halves.js';

/** What a watched method was seen to do. */
export interface Watch {
  /** Kinds posted, by the side that posted them. */
  readonly posted: { readonly coordinator: Set<string>; readonly clients: Set<string> };
  /** Each a sentence: who changed or sent what it must not. */
  readonly violations: string[];
  /** By round: how often a party of a side posted, and took, a kind at most. */
  readonly rounds: Map<number, Record<Side, { readonly posted: Counts; readonly taken: Counts }>>;
}

type Side = 'client' | 'coordinator';
type Counts = Map<string, number>;

type Half = AnyClientHalf;
type Content = Readonly<Record<string, unknown>>;

/**
 * The same method with its halves watched: everything it is given (state, received payloads) and everything it gives (state,
 * posted payloads) is kept as bytes and compared when the round returns and when the next begins. The bits stay the same.
 */
export function watchedMethod(method: AnyMethod): { readonly method: AnyMethod; readonly watch: Watch } {
  const watch: Watch = { posted: { coordinator: new Set(), clients: new Set() }, violations: [], rounds: new Map() };
  const client = withClientHalf(method, (half) => watchedHalf(half, 'client', watch));
  const watched = withCoordinatorHalf(client, (half) => watchedHalf(half as never, 'coordinator', watch) as never);
  return { method: watched, watch };
}

/** Messages that were posted oftener than any receiver took them, each as a sentence. Not of asynchronous methods, whose rounds are tasks. */
export function untaken({ messages }: AnyMethod, { rounds }: Watch): readonly string[] {
  const sentences: string[] = [];
  for (const [round, counts] of rounds)
    for (const [kind, { from, to }] of Object.entries<MessageKind>(messages)) {
      const [sender, receiver] = [
        from === 'coordinator' ? from : 'client',
        to === 'coordinator' ? to : 'client',
      ] as const;
      const [posted, taken] = [counts[sender].posted.get(kind) ?? 0, counts[receiver].taken.get(kind) ?? 0];
      if (posted > taken)
        sentences.push(
          `round ${round}: ${who(sender)} posted '${kind}' ${times(posted)}, ${who(receiver)} took it ${times(taken)}`,
        );
    }
  return sentences;
}

const who = (side: Side) => (side === 'client' ? 'a client' : 'the coordinator');

const times = (count: number) => (count === 1 ? 'once' : `${count} times`);

const nothing = () => ({ posted: new Map<string, number>(), taken: new Map<string, number>() });

/** Keeps the larger count. */
function countIn(counts: Counts, of: Counts): void {
  for (const [kind, count] of of) counts.set(kind, Math.max(count, counts.get(kind) ?? 0));
}

function watchedHalf(half: Half, side: Side, watch: Watch): Half {
  /** Bytes of every state that a round returned: it must come back unchanged. */
  const returned = new WeakMap<object, Uint8Array>();
  return {
    ...half,
    async round(state, at) {
      const who = `round ${at.index}: ${side === 'client' ? `client ${at.self}` : 'the coordinator'}`;
      const seals: (() => void)[] = [];
      const keep = (what: string, content: unknown): void => {
        const before = encodeState(content);
        seals.push(() => {
          if (!sameBytes(before, encodeState(content))) watch.violations.push(`${who} changed ${what}`);
        });
      };
      const known = typeof state === 'object' && state !== null ? returned.get(state) : undefined;
      if (known && !sameBytes(known, encodeState(state)))
        watch.violations.push(`${who}: its state changed after its last round returned`);
      keep('its state in place', state);
      const counts = nothing();
      const next = await half.round(state, watchedRound(at, { side, who, counts, watch }, keep));
      for (const seal of seals) seal();
      let ofRound = watch.rounds.get(at.index);
      if (!ofRound) watch.rounds.set(at.index, (ofRound = { client: nothing(), coordinator: nothing() }));
      countIn(ofRound[side].posted, counts.posted);
      countIn(ofRound[side].taken, counts.taken);
      if (typeof next === 'object' && next !== null) returned.set(next, encodeState(next));
      return next;
    },
  };
}

interface Party {
  readonly side: Side;
  readonly who: string;
  /** Of this round. */
  readonly counts: { readonly posted: Counts; readonly taken: Counts };
  readonly watch: Watch;
}

function watchedRound(
  at: Parameters<Half['round']>[1],
  { side, who, counts, watch }: Party,
  keep: (what: string, content: unknown) => void,
): Parameters<Half['round']>[1] {
  const count = (of: Counts, kind: string) => of.set(kind, (of.get(kind) ?? 0) + 1);
  const sent = (kind: string, payload: Content): void => {
    watch.posted[side === 'client' ? 'clients' : 'coordinator'].add(kind);
    const unfinite = Object.entries(payload).find(([, value]) => !holdsFinite(value));
    if (unfinite) watch.violations.push(`${who} posted '${kind}' with a number in '${unfinite[0]}' that is not finite`);
    keep(`what it had posted as '${kind}'`, { ...payload });
  };
  const received = (kind: string, message: Content): void => keep(`a received '${kind}'`, { ...message });
  // biome-ignore lint/suspicious/noExplicitAny: a proxy in front of any method's round.
  const own: Record<string, (...args: any[]) => unknown> = {
    post(kind: string, to: never, payload: Content) {
      count(counts.posted, kind);
      sent(kind, payload);
      return at.post(kind, to, payload as never);
    },
    postEach(kind: string, deliveries: readonly { readonly payload: Content }[]) {
      count(counts.posted, kind);
      for (const { payload } of deliveries) sent(kind, payload);
      if (deliveries.length === 0) watch.posted[side === 'client' ? 'clients' : 'coordinator'].add(kind);
      return at.postEach(kind, deliveries as never);
    },
    async take(kind: string) {
      count(counts.taken, kind);
      const inbox = await at.take(kind);
      for (const message of inbox) received(kind, message as Content);
      return inbox;
    },
    stream(kind: string) {
      count(counts.taken, kind);
      const source = at.stream(kind);
      const read = async function* () {
        for await (const message of source) {
          received(kind, message as Content);
          yield message;
        }
      };
      return Object.defineProperties(
        { [Symbol.asyncIterator]: read },
        { absent: { get: () => source.absent, enumerable: true } },
      );
    },
    async total(kind: string, bound: number) {
      count(counts.taken, kind);
      const total = await at.total(kind, bound);
      return total;
    },
  };
  return new Proxy(at, {
    get(target, key) {
      if (typeof key === 'string' && Object.hasOwn(own, key)) return own[key];
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function holdsFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  const numbers = value as ReadonlyVector;
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
  return true;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
