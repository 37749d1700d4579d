import type { Objective, ReadonlyVector, Vector } from '../../protocol/method.js';

/** An objective that computes in one pass what several clients of the process ask for at once. */
export interface JoiningObjective extends Objective {
  /** The bits of `gradient`. Left out: it computes for one client at a time. */
  readonly joinedGradient?:
    | ((params: ReadonlyVector, batch: Uint32Array, into?: Vector) => Promise<Vector>)
    | undefined;
}
