/**
 * THE interface: what a method is, and all that its two halves may see.
 *
 * A method is a value with a client half and, for server methods, a coordinator half. Each half is an async function over
 * one round that touches the world only by `post` and `take`, so where the parties run, and in what order frames arrive,
 * cannot change the numbers.
 */

import type { Mailbox, MessageKinds } from './messages.js';
import type { LogPosterior, Objective } from './objective.js';
import { extension } from './settings/extension.js';
import type { Settings } from './settings/settings.js';
import type { ClientIndex, PartyId, ReadonlyVector, RunConstants, Segment, Vector } from './values.js';

// A method's file imports all of the interface from here.
export type * from './messages.js';
export type * from './objective.js';
export * from './values.js';

/** A stream keyed by (seed, party, round, …path): never shared, never saved, without the method's name in it. */
export interface Rng {
  /** An independent stream, a function of this stream's key and the path alone (not of what was drawn before). */
  derive(...path: readonly (string | number)[]): Rng;
  /** In [0, 1), multiples of 2^-53. */
  uniform(): number;
  /** Uniform integer in [0, bound), 1 <= bound <= 2^32. */
  below(bound: number): number;
  /** Standard normals in the run's precision. `into`: takes the first `length` of its numbers for them and is returned. */
  normal(length: number, into?: Vector): Vector;
  /** Fills with uniform 32-bit words; the bulk form, for codecs. */
  words(into: Uint32Array): Uint32Array;
  permutation(length: number): Uint32Array;
  /** `batchSize` distinct indices below `exampleCount`, uniformly; all of them in order when batchSize >= exampleCount. */
  batch(exampleCount: number, batchSize: number): Uint32Array;
  /** Each index below `exampleCount` independently with `probability`; ascending. */
  poisson(exampleCount: number, probability: number): Uint32Array;
}

/** Randomness for key agreement and masks: from the operating system, seeded in tests only. */
export interface Secrets {
  bytes(length: number): Promise<Uint8Array>;
  keyPair(): Promise<{ readonly publicKey: Uint8Array; readonly privateKey: Uint8Array }>;
  agree(privateKey: Uint8Array, publicKey: Uint8Array): Promise<Uint8Array>;
  /** `length` bytes expanded from a shared secret, keyed by `context`. */
  expand(secret: Uint8Array, context: string, length: number): Promise<Uint8Array>;
}

/** One vector of a release, clipped by the caller to its sensitivity. */
export interface ReleasePart {
  readonly value: ReadonlyVector;
  readonly l2Sensitivity: number;
  /** Noise standard deviation divided by the sensitivity. */
  readonly noiseMultiplier: number;
}

/** The only source of privacy noise. One call, one ledger entry, for all its parts together. */
export interface Privacy {
  gaussian(
    parts: readonly ReleasePart[],
    release: {
      readonly label: string;
      readonly unit: 'example' | 'client';
      readonly adjacency: 'add-remove' | 'replace-one';
      /** Poisson sampling probability of the unit. Left out: the host's own cohort probability, or 1. */
      readonly sampling?: number;
      /** Noise shares that add up to one release (distributed placement): this call adds 1/shares of the variance. */
      readonly shares?: number;
    },
  ): readonly Vector[];
}

/** What both halves see of a round. */
export interface RoundCommon<H> {
  readonly index: number;
  readonly hyperparameters: H;
  readonly clientCount: number;
  readonly segments: readonly Segment[];
  readonly cohort: readonly ClientIndex[];
  /** Probability that a client is in the cohort; 1 under full participation. */
  readonly inclusion: number;
  /** This party's own stream of this round. */
  readonly rng: Rng;
  /** The same for every party of this round: coins, common noise, chain noise. */
  readonly shared: Rng;
  readonly privacy: Privacy;
  readonly secrets: Secrets;
  zeros(length?: number): Vector;
  /** A vector of the model's length with any numbers in it, to be filled. Cheaper than a new one where the reader gives it back. */
  borrow(): Vector;
  /**
   * No half reads this vector of a message any more, nor keeps it: its memory may be borrowed again, or take what comes next from
   * another process. A sender may say so where `post` has returned another vector in its place: its receivers have that one. Does nothing where the run still needs it, or where it was neither borrowed nor came from there.
   */
  giveBack(vector: ReadonlyVector): void;
  /** One named number for this round's row of metrics.csv; clients' values are averaged over the cohort. */
  measure(name: string, value: number): void;
}

/**
 * This round's graph around one client. In directed and one-peer graphs the two lists differ. Both hold the client itself, but not where
 * clients have edge servers.
 */
export interface Links {
  readonly inNeighbors: readonly ClientIndex[];
  readonly outNeighbors: readonly ClientIndex[];
  /** Weight this client gives to the vector of `peer`: entry (self, peer) of the mixing matrix. */
  weightFrom(peer: PartyId): number;
  /** Weight `peer` gives to the vector of this client: entry (peer, self). */
  weightTo(peer: PartyId): number;
}

/** A round as a client's half sees it: messages, its own objective and its links. */
export interface ClientRound<H, M extends MessageKinds, O extends Objective>
  extends RoundCommon<H>,
    Mailbox<M, 'clients', 'cohort' | 'peers'> {
  readonly self: ClientIndex;
  readonly objective: O;
  readonly links: Links;
}

/** A round as the coordinator's half sees it: messages, and no data. */
export interface CoordinatorRound<H, M extends MessageKinds>
  extends RoundCommon<H>,
    Mailbox<M, 'coordinator', 'coordinator'> {}

/** What a half's first state is made from. */
export interface Setup<H> {
  readonly hyperparameters: H;
  readonly initialParams: Vector;
  readonly segments: readonly Segment[];
  readonly clientCount: number;
  readonly rng: Rng;
  readonly shared: Rng;
}

/** One side of a method. State is plain data of a named type: numbers, strings, typed arrays, arrays and records of them. */
export interface Half<State, Round, H> {
  init(setup: Setup<H>): State;
  /** Must not change `state` in place: an abandoned attempt starts again from it. */
  round(state: Readonly<State>, at: Round): Promise<State>;
  /** What to evaluate: one vector, or one per chain. */
  estimates?(state: Readonly<State>): readonly ReadonlyVector[];
  /** What the run's digest covers, where it is more than the state: constants that states of earlier versions held. */
  digested?(state: Readonly<State>): object;
  /**
   * Fields, at any depth of the state, that earlier versions named otherwise: the former name of each. Digests cover the former
   * name, and a checkpoint that holds it is read as one of the present name.
   */
  readonly formerNames?: Readonly<Record<string, string>>;
}

/** The half at the coordinator. */
export interface CoordinatorHalf<State, Round, H> extends Half<State, Round, H> {
  /**
   * Samplers: the posterior draws that the last round kept. Entry c holds those of chain c, one after the other (a multiple of
   * the parameter count; none: length 0). They are appended to the run's draws, so a state holds one round's at most.
   */
  draws?(state: Readonly<State>): readonly ReadonlyVector[];
  /**
   * The model that is evaluated as a client's own, from that client's estimate; null: it never took part. Left out: the estimate itself, or
   * the server's.
   */
  personal?(state: Readonly<State>, own: ReadonlyVector | null): ReadonlyVector;
}

/**
 * A half, or the function that makes it from the run's constants: once in each process and for all parties of that side that
 * live there. So it may prepare what depends on settings alone (optimizer, schedule, noise multipliers, cut into tensors), and
 * must close over nothing that changes.
 */
export type HalfOrMaker<H, Made> = Made | ((run: RunConstants<H>) => Made);

/** What a method may check its settings against before a run. */
export interface RunPlan {
  readonly rounds: number;
  readonly clients: number;
  readonly participation: { readonly cohort: 'all' | number; readonly sampling: string | { readonly name: string } };
  readonly privacy: {
    readonly delta: number;
    readonly accountant?: 'auto' | 'tightest' | 'loss-distribution';
    readonly form?: 'float' | 'grid';
  };
}

/** A round before it begins, as one of its clients will see it. */
export interface RoundOutlook {
  readonly index: number;
  readonly client: ClientIndex;
  readonly cohort: readonly ClientIndex[];
  /** Of the coordinator's half. */
  readonly state: unknown;
  /** The round's shared stream, from its beginning at each call. */
  shared(): Rng;
  /** n of this client. */
  readonly exampleCount: number;
  /** d of the model. */
  readonly parameterCount: number;
}

/** Equal Gaussian releases of one round. */
export interface RoundReleases {
  /** Poisson sampling probability; 1: all. */
  readonly sampling: number;
  /** Noise standard deviation over the L2 sensitivity. */
  readonly noiseMultiplier: number;
  readonly count: number;
  readonly adjacency: 'add-remove' | 'replace-one';
  /** The record. Left out: an example. */
  readonly unit?: 'example' | 'client';
  /** Discrete noise, whatever `privacy.form` is. */
  readonly discrete?: boolean;
}

/** A method: its source, settings, messages and two halves. `defineMethod` takes one. */
export interface Method<H, M extends MessageKinds, C, S, O extends Objective> {
  readonly name: string;
  /** `reconstruction`: the parts that are not the authors' text; shown wherever the method is shown. */
  readonly paper: {
    readonly title: string;
    readonly url: string;
    readonly algorithm: string;
    readonly reconstruction?: string;
  };
  /** Types, ranges, defaults and meanings of the hyperparameters. */
  readonly settings: Settings<H & object>;
  /** Throws a GradswarmError when they make no sense for this run: for methods that calibrate noise to what it will release. */
  checkPlan?(hyperparameters: H, run: RunPlan): void;
  /**
   * What its noise was made for; null: it has none. The run ends before its releases, those of repeated rounds included, would
   * pass epsilon at delta or at the run's own delta, as it does under `privacy.budget`.
   */
  target?(hyperparameters: H): { readonly epsilon: number; readonly delta: number } | null;
  /**
   * What a client will release by itself in a round, at most: such a run is stopped before the round that would pass its limit.
   * Left out: what the clients of the costliest round so far released; a private method without it is refused a budget and a target.
   */
  clientReleases?(hyperparameters: H, round: RoundOutlook): readonly RoundReleases[];
  /** Its clients release through `at.privacy`: nothing else of their data may leave them. Left out: they do not. */
  readonly isPrivate?: boolean;
  /**
   * What the coordinator takes of the clients' vectors is their mean, weighted by the number in `examples` or equally, and nothing
   * else: a selection may then give them other weights, and edge servers take it in parts, for which each kind is used once a round, in the
   * order in which `messages` has them. Left out: it is not, and selections with weights and edge servers are refused.
   */
  weighsBy?(hyperparameters: H): 'examples' | 'clients';
  /** Does it run on log-posteriors alone? Set by `defineSampler`. */
  readonly needsPosterior?: boolean;
  readonly messages: M;
  /** Names of the series that the halves give to `at.measure`; '*' at the end of one stands for anything. Left out: none. */
  readonly measures?: readonly string[];
  /** Numbers of a client's estimate where it is not a whole model, which `personal` then completes. */
  estimateLength?(run: RunConstants<H>): number;
  /**
   * The clients of a round, from the coordinator's state; left out: the scenario's participation decides. Pure: may be called
   * before the round, and more than once.
   */
  cohort?(
    state: object,
    round: {
      readonly index: number;
      readonly clientCount: number;
      readonly hyperparameters: H;
      readonly shared: Rng;
    },
  ): readonly ClientIndex[];
  /**
   * Of tasks: how many answers one fold takes at least, which robust sums need, or why none can stand before it and no answer be forged.
   * Left out: the half offers robust sums no fold, and they are refused.
   */
  readonly folds?: ((hyperparameters: H, run: { readonly clients: number }) => number) | string;
  /** 'tasks': set by `defineTasks` of tasks.ts, 'meetings' by `defineMeetings` of meetings.ts. Left out: rounds. */
  readonly schedule?: 'tasks' | 'meetings';
  readonly client: HalfOrMaker<H, Half<C, ClientRound<H, M, O>, H>>;
  /** Left out by methods that have only peers. */
  readonly coordinator?: HalfOrMaker<H, CoordinatorHalf<S, CoordinatorRound<H, M>, H>>;
}

/** Any method, for code that runs one without knowing its types. */
// biome-ignore lint/suspicious/noExplicitAny: the runner handles states and hyperparameters of every method.
export type AnyMethod = Method<any, any, any, any, any>;
/** A client's half of any method. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyClientHalf = Half<any, ClientRound<any, any, any>, any>;
/** A coordinator's half of any method. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyCoordinatorHalf = CoordinatorHalf<any, CoordinatorRound<any, any>, any>;

/** Both halves of a method in one run. */
export interface Halves {
  readonly client: AnyClientHalf;
  /** Null: a method of peers alone. */
  readonly coordinator: AnyCoordinatorHalf | null;
}

/** The halves for one run, made from its constants where they are functions. */
export function makeHalves({ client, coordinator }: AnyMethod, run: RunConstants<unknown>): Halves {
  return {
    client: typeof client === 'function' ? client(run) : client,
    coordinator: (typeof coordinator === 'function' ? coordinator(run) : coordinator) ?? null,
  };
}

/** A method that scenarios can name, its halves checked against its messages and settings. The same value, marked as a method. */
export function defineMethod<H, const M extends MessageKinds, C, S = never>(
  method: Method<H, M, C, S, Objective>,
): Method<H, M, C, S, Objective> {
  return extension('method', method);
}

/** A method whose objective is a log-posterior with prior and likelihood apart. */
export function defineSampler<H, const M extends MessageKinds, C, S = never>(
  method: Method<H, M, C, S, LogPosterior>,
): Method<H, M, C, S, LogPosterior> {
  return extension('method', { ...method, needsPosterior: true });
}
