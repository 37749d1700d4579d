import type { Integers, PartyId, ReadonlyVector, RunConstants } from './values.js';

/** What one kind of message carries, and who sends it to whom. `from` and `absent` are reserved field names. */
export interface MessageKind {
  readonly from: 'coordinator' | 'clients';
  /** 'cohort': to any client invited to this round. 'peers': along this round's graph. */
  readonly to: 'coordinator' | 'cohort' | 'peers';
  readonly vectors?: readonly string[];
  /** Those of `vectors` whose length is not that of the model, such as a sketch. */
  readonly otherLengths?: readonly string[];
  readonly integers?: readonly string[];
  readonly bytes?: readonly string[];
  readonly scalars?: readonly string[];
  /** What a lossy codec on it must be. Left out: none allowed. */
  readonly lossy?: 'any' | 'unbiased' | 'contractive';
  /** Where the part that compression left out is kept. 'method': the scenario may not add error feedback. */
  readonly memory?: 'codec' | 'method';
  /** May a rule drop it? 'no': a loss becomes a resend, that is lateness. */
  readonly losable?: 'yes' | 'no';
  /** Most messages of one sender in one step; left out: any number. */
  readonly most?: number;
  /**
   * What every honest message is, beyond finite numbers and the length of the model: lengths of `otherLengths`, ranges of integers
   * and scalars. One that does not fit is refused, and costs the sender's worker its seat. Left out: a half must use any.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the fields and settings of any method.
  readonly fits?: (message: any, run: RunConstants<any>) => boolean;
  /**
   * The public bound of `total`, by which alone the coordinator takes this kind of vectors and scalars: then a worker may send the sum of
   * its clients' messages in place of each. Greater than 0. Left out: every message is sent.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the settings of any method.
  readonly summed?: (run: RunConstants<any>) => number;
}
/** The kinds of a method, by name. */
export type MessageKinds = Readonly<Record<string, MessageKind>>;

type Field = 'vectors' | 'integers' | 'bytes' | 'scalars';
type Names<K, F extends Field> = K extends { readonly [P in F]: readonly (infer N extends string)[] } ? N : never;

/** What a message of kind K holds: its declared fields and nothing else. */
export type Payload<K> = { readonly [V in Names<K, 'vectors'>]: ReadonlyVector } & {
  readonly [V in Names<K, 'integers'>]: Integers;
} & { readonly [V in Names<K, 'bytes'>]: Uint8Array } & { readonly [V in Names<K, 'scalars'>]: number };

/** A message as its receiver takes it: its sender and its fields. */
export type Received<K> = { readonly from: PartyId } & Payload<K>;

/** Why a message that was due is not there. */
export interface Absence {
  readonly from: PartyId;
  readonly why: 'crashed' | 'dropped' | 'late' | 'rejected' | 'aborted';
}

/** Messages of one kind, by sender index then posting order, never by arrival. */
export type Inbox<K> = readonly Received<K>[] & { readonly absent: readonly Absence[] };

/** The sum of all messages of a kind, field by field. */
export interface Total<K> {
  /** Messages summed. */
  readonly count: number;
  readonly sum: Payload<K>;
  readonly absent: readonly Absence[];
}

/** Names of the kinds that 'coordinator' or 'clients' send. */
export type SentBy<M extends MessageKinds, R> = { [K in keyof M]: M[K]['from'] extends R ? K : never }[keyof M];
/** Names of the kinds that go to the coordinator, a cohort or peers. */
export type ReceivedBy<M extends MessageKinds, R> = { [K in keyof M]: M[K]['to'] extends R ? K : never }[keyof M];

/** One personal payload. `stream` names the codec memory; left out, the codec must be memoryless. */
export interface Delivery<K> {
  readonly to: PartyId;
  readonly payload: Payload<K>;
  readonly stream?: string | number;
}

/** The only way a half touches the rest of the run: post and take, and their plural forms. */
export interface Mailbox<M extends MessageKinds, Sender, Receiver> {
  /**
   * One payload, one encoding, any number of receivers. Never waits. Returns what the receivers decode (decoded only if
   * looked at). The n-th post of a kind in a round is its step n, paired with the receivers' n-th take of that kind;
   * a possible receiver that is not named gets an empty frame for the step.
   */
  post<K extends SentBy<M, Sender>>(kind: K, to: PartyId | readonly PartyId[], payload: Payload<M[K]>): Payload<M[K]>;
  /** A payload for each receiver, all in one step; a receiver may be named more than once, or not at all. */
  postEach<K extends SentBy<M, Sender>>(kind: K, deliveries: readonly Delivery<M[K]>[]): readonly Payload<M[K]>[];
  /** Waits until every expected sender has arrived or is absent. Take exactly the kinds that are due. */
  take<K extends ReceivedBy<M, Receiver>>(kind: K): Promise<Inbox<M[K]>>;
  /** The same, one at a time in the same order; bodies are decoded as they are read. The normal way to fold. */
  stream<K extends ReceivedBy<M, Receiver>>(
    kind: K,
  ): AsyncIterable<Received<M[K]>> & { readonly absent: readonly Absence[] };
  /**
   * Sum of every field over the senders, exact and so independent of grouping. `bound`: public bound on every entry's
   * magnitude, that which the kind declares by `summed`, if it does; a message beyond it is refused (absent as 'rejected').
   */
  total<K extends ReceivedBy<M, Receiver>>(kind: K, bound: number): Promise<Total<M[K]>>;
  /** Peer kinds only: posts of the party's last round that a receiver did not use. Fixed when that round was committed. */
  readonly undelivered: readonly { readonly kind: SentBy<M, Sender>; readonly step: number; readonly to: PartyId }[];
}
