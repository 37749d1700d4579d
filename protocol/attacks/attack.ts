import type { ReadonlyVector, Rng, Vector } from '../method.js';
import { extension } from '../settings/extension.js';
import type { Settings } from '../settings/settings.js';

/**
 * What Byzantine clients put in the place of the vectors that they would have sent. The attacker is omniscient: it sees the
 * decoded vectors of all honest senders of this kind and step, and forges before the receiver sums. It is simulated where the
 * messages are taken, so it is the same in one process and over sockets; bytes are counted as if the forged vectors had been
 * sent by the same codec. In an asynchronous method each answer is forged when it arrives, and the attacker sees the last answer of
 * every client that has arrived by then, and none to come. mu and sigma: mean and standard deviation (divisor n - 1) of the honest vectors by coordinate.
 */
export interface Attack {
  /** One forged vector for each of `own`, in an array of its own. */
  forge(sight: AttackerSight): readonly Vector[];
}

/** What an attack sees: the vectors of one kind, step and receiver, all of one length. */
export interface AttackerSight {
  /** At least one, in sender order; where all senders are attackers, or no honest answer has arrived, what these would have sent. */
  readonly honest: readonly ReadonlyVector[];
  /** What the attackers would have sent, in sender order; in an asynchronous method, the last of each. */
  readonly own: readonly ReadonlyVector[];
  /** What the attackers would have sent in the round before, or in their tasks before; null for one that sent nothing then. */
  readonly previous: readonly (ReadonlyVector | null)[];
  /** What the receiver would make of these vectors, honest ones first: for attacks that adapt to the aggregator. */
  aggregate(vectors: readonly ReadonlyVector[]): ReadonlyVector;
  /** Of this fault, receiver, round, kind and step. */
  readonly rng: Rng;
}

/** The default export of every file of this folder but this one; the file's name is the attack's name. */
export interface AttackFamily<S extends object = object> {
  readonly name: string;
  /** What attackers send, in a line; the source of a published attack. */
  readonly summary: string;
  /** Does it look at `previous`? Then what its clients would have sent is kept in the receiver's record. */
  readonly remembers?: boolean;
  /** Does what it forges depend on its clients' own vectors alone? Left out: it may look at those of the honest. */
  readonly ownAlone?: boolean;
  readonly settings: Settings<S>;
  create(settings: S): Attack;
}

/** An attack that scenarios can name: `{ fault: 'byzantine', attack: NAME }`. The same value, marked as an attack. */
export function defineAttack<S extends object>(family: AttackFamily<S>): AttackFamily<S> {
  return extension('attack', family);
}
