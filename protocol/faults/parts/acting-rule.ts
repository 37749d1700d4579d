import type { Attack } from '../../attacks/attack.js';
import type { ClientIndex, PartyId, ReadonlyVector, Rng, Vector } from '../../method.js';
import type { Frame } from '../../wire/frame.js';
import type { KindLayout } from '../../wire/layout.js';

/** What a rule does to one frame. After 'pass' and 'delay' later rules apply too; any other verdict is final. */
export type Verdict =
  | { readonly do: 'pass' }
  | { readonly do: 'delay'; readonly delayMs: number }
  | { readonly do: 'drop' }
  | { readonly do: 'duplicate' }
  /** Position of the flipped bit in the frame's body. */
  | { readonly do: 'corrupt'; readonly bit: number };

/** The frame passes unchanged. */
export const PASS: Verdict = { do: 'pass' };
/** The frame never arrives. */
export const DROP: Verdict = { do: 'drop' };
/** The frame arrives twice. */
export const DUPLICATE: Verdict = { do: 'duplicate' };

/** One post before it is encoded: the same for all its receivers. */
export interface Post {
  readonly from: PartyId;
  readonly round: number;
  readonly layout: KindLayout;
}

/**
 * An active fault rule. Every method is a pure function of its arguments and the run's seed: it keeps no state that a
 * checkpoint would have to hold, and no result depends on which process calls, how often, or in what order.
 * A method left out has no effect. `own`: the stream of this frame or post and this rule alone, from
 * its start at every call.
 */
export interface ActingRule {
  /** Judged once by the sender's host. */
  judge?(frame: Frame, layout: KindLayout, own: () => Rng): Verdict;
  /** Is the client absent from this round? `atMs`: simulated time at which the coordinator begins it. */
  keepsAway?(client: ClientIndex, round: number, atMs: number): boolean;
  /** When clients may come or go again after `atMs` of simulated time, ms; Infinity: never. */
  nextChangeMs?(atMs: number): number;
  /** Does the client start this round with a new record? */
  forgets?(client: ClientIndex, round: number): boolean;
  /** Factor on the client's time in this round; 1: none. `atMs`: its simulated time when it begins a piece of work. */
  slowdown?(client: ClientIndex, round: number, atMs: number): number;
  /** Bandwidth of the frame's link in place of that of `links`; null: that of `links`. `arrivesAtMs` is when the frame leaves. */
  bandwidthMbps?(frame: Frame): number | null;
  /** The vector that the receiver gets, in a new array; null: the decoded one. */
  onReceive?(value: ReadonlyVector, frame: Frame, layout: KindLayout, own: () => Rng): ReadonlyVector | null;
  /** The vector that is encoded, in a new array; null: the posted one. */
  onSend?(value: ReadonlyVector, post: Post, own: () => Rng): ReadonlyVector | null;
  readonly forges?: ForgingRule;
  readonly changesData?: DataRule;
  readonly perturbs?: PerturbingRule;
}

/** Clients whose gradients are noisy. */
export interface PerturbingRule {
  concerns(client: ClientIndex, round: number): boolean;
  /** Adds noise to one gradient, in place. `own`: the stream of this rule in the client's round, which continues from one gradient to the next. */
  perturb(gradient: Vector, own: Rng): void;
}

/** Clients whose examples are not those of their shards. */
export interface DataRule {
  concerns(client: ClientIndex, round: number): boolean;
  /** In two rounds of the same stage the data is the same: each stage costs a copy of it. Left out: one stage. */
  stage?(round: number): number;
  /** Clients are evaluated on changed examples too. Left out: on those of their shards. The common test examples never change. */
  readonly isTruth?: boolean;
  /**
   * What stands in place of a label, of `classCount`; called for each of a client's examples, in their order. `own`: the stream of
   * this rule and client, from its start in every round.
   */
  labels?(classCount: number, own: Rng, stage: number): (label: number) => number;
  /** Changes the features of one example, `length` numbers, in place; otherwise as `labels`. */
  features?(length: number, own: Rng, stage: number): (example: Float32Array) => void;
}

/** Byzantine clients: whose messages of which kinds are forged where they are received. */
export interface ForgingRule {
  readonly attack: Attack;
  concerns(kind: string, round: number): boolean;
  isByzantine(sender: PartyId): boolean;
  /** Is what its clients would have sent kept for the next round? */
  readonly remembers: boolean;
  /** Does what it forges depend on its clients' own vectors alone? */
  readonly ownAlone: boolean;
}

/** What a rule may use in addition to its settings. */
export interface RuleSurroundings {
  /** A stream of this rule alone, for decisions that span frames. */
  readonly streams: Rng;
  /** Share of each class among a client's examples, none of a client without examples. Left out where who is absent is not asked. */
  readonly labelShares?: LabelShares;
}

export type LabelShares = (client: ClientIndex) => readonly number[];
