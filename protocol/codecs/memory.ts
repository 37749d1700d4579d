import type { Precision, ReadonlyVector, Vector } from '../method.js';
import { extension } from '../settings/extension.js';
import type { Settings } from '../settings/settings.js';
import type { Codec } from './codec.js';

/**
 * What keeps the part that compression left out. Pure functions over plain-data states, so that states can be checkpointed,
 * discarded with an abandoned round, and compared. A state belongs to one (sender, kind, field, stream).
 *
 * Order of calls, for one vector v of one message. At the sender:
 *   1. `p = prepare(s, v)`, `body = codec.encode(p, rng)`, `c = codec.decode(body, …)`. A memory may write p into `into`, which is filled
 *      with another one once no state holds it.
 *   2. `deliveredValue(s, c)` is what receivers will hold: the answer of `post`. Asked with the state before step 3.
 *   3. exactly one of `s' = settle(s, v, p, c)`, when the message reached its receivers, and `s' = lost(s, v, p, c)`, when it
 *      is known to have reached none of them. Both take the state of step 1. A sender that is notified of a loss only later keeps
 *      (s, v, p, c) until then, or the whole round is void and s stays as it was.
 * At every receiver, where the memory has a receiver side: `[value, r'] = receive(r, c)`, in the sender's order, each message
 * once; otherwise the value is c. Memories with a receiver side need a kind that is not `losable`, or whose losses void the
 * sender's round: a replica that missed one message stays wrong.
 *
 * No function changes its other arguments; a result may be one of them, or a new vector.
 */
export interface Memory<State = unknown, ReceiverState = unknown> {
  readonly name: string;
  /** What the codec must be; see `memoryAccepts`. */
  readonly needs: 'contractive' | 'contractive-or-absolute';
  init(length: number, precision: Precision): State;
  prepare(state: State, value: ReadonlyVector, into?: Vector): Vector;
  settle(state: State, value: ReadonlyVector, prepared: ReadonlyVector, decoded: ReadonlyVector): State;
  lost(state: State, value: ReadonlyVector, prepared: ReadonlyVector, decoded: ReadonlyVector): State;
  deliveredValue(state: State, decoded: ReadonlyVector): ReadonlyVector;
  /** Left out: receivers use what they decode. */
  readonly receiver?: {
    init(length: number, precision: Precision): ReceiverState;
    receive(state: ReceiverState, decoded: ReadonlyVector): readonly [value: ReadonlyVector, state: ReceiverState];
  };
}

/**
 * May this codec be used under this memory? A memory that feeds an expanding error back to its codec diverges: an unbiased
 * codec passes only when its omega is below 1, which makes it contractive as it is.
 */
export function memoryAccepts(memory: Pick<Memory, 'needs'>, codec: Pick<Codec, 'contract' | 'omega'>): boolean {
  const { contract } = codec;
  if (contract === 'lossless' || contract === 'contractive') return true;
  if (contract === 'unbiased') return codec.omega !== undefined && codec.omega < 1;
  return contract === 'absolute' && memory.needs === 'contractive-or-absolute';
}

/** The default export of every file in memories/; the file name is the memory's name. */
export interface MemoryFamily<S extends object = object> {
  readonly name: string;
  /** What it keeps, in a line. */
  readonly summary: string;
  readonly settings: Settings<S>;
  create(settings: S): Memory;
}

/** A codec memory that scenarios can name beside a codec. The same value, marked as a memory. */
export function defineMemory<S extends object>(family: MemoryFamily<S>): MemoryFamily<S> {
  return extension('memory', family);
}
