import type { Attack } from '../attacks/attack.js';
import type { ClientIndex, PartyId, ReadonlyVector, Rng } from '../method.js';
import type { FaultRule } from '../scenario/scenario.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';

/** What a rule does to one frame. 'delay' lets later rules judge too; any other verdict but 'pass' ends the judging. */
export type Verdict =
  | { readonly do: 'pass' }
  | { readonly do: 'delay'; readonly delayMs: number }
  | { readonly do: 'drop' }
  | { readonly do: 'duplicate' }
  /** Position of the flipped bit in the frame's body. */
  | { readonly do: 'corrupt'; readonly bit: number };

export const PASS: Verdict = { do: 'pass' };
export const DROP: Verdict = { do: 'drop' };
export const DUPLICATE: Verdict = { do: 'duplicate' };

/** One post before it is encoded: the same for all its receivers. */
export interface Post {
  readonly from: PartyId;
  readonly round: number;
  readonly layout: KindLayout;
}

/**
 * A fault rule at work. Every method is a pure function of its arguments and the run's seed: nothing is remembered that a
 * checkpoint would have to hold, and no answer depends on which process asks, or how often, or in what order.
 * A part left out means that the rule never does such a thing. `own`: the stream of this frame or post and this rule alone, from
 * its start at every call.
 */
export interface ActingRule {
  /** Judged once by the sender's host. */
  judge?(frame: Frame, layout: KindLayout, own: () => Rng): Verdict;
  /** Is the client kept from this round? */
  keepsAway?(client: ClientIndex, round: number): boolean;
  /** Does the client come to this round without the record it had? */
  forgets?(client: ClientIndex, round: number): boolean;
  /** Factor on the client's time in this round; 1: none. */
  slowdown?(client: ClientIndex, round: number): number;
  /** What the receiver holds after decoding, in an array of its own; null: what came. */
  onReceive?(value: ReadonlyVector, frame: Frame, layout: KindLayout, own: () => Rng): ReadonlyVector | null;
  /** What is encoded in place of the vector posted, in an array of its own; null: what was posted. */
  onSend?(value: ReadonlyVector, post: Post, own: () => Rng): ReadonlyVector | null;
  readonly forges?: ForgingRule;
}

/** Byzantine clients: whose messages of which kinds are forged where they are received. */
export interface ForgingRule {
  readonly attack: Attack;
  concerns(kind: string, round: number): boolean;
  isByzantine(sender: PartyId): boolean;
  /** Is what its clients would have sent kept for the next round? */
  readonly remembers: boolean;
}

/** What a rule may use beside its own settings. */
export interface RuleSurroundings {
  /** Of this rule alone, for what is not the matter of one frame. */
  readonly streams: Rng;
}

/** A rule from its complete settings. */
export type RuleMaker<R = FaultRule> = (settings: R, surroundings: RuleSurroundings) => ActingRule;

/** The settings of one built-in fault. */
export type { BuiltInFaultRule } from '../scenario/fault-rules.js';
