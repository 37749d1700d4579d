/** Asynchronous methods: a client works on the model that it was given while the coordinator makes server steps. */

import type {
  Absence,
  ClientIndex,
  CoordinatorHalf,
  HalfOrMaker,
  MessageKinds,
  Method,
  Objective,
  Payload,
  ReadonlyVector,
  Received,
  ReceivedBy,
  RoundCommon,
  SentBy,
} from './method.js';
import { extension } from './settings/extension.js';

/** The answer of one task. */
export type Arrival<K> = Received<K> & {
  /** Server steps done since the task was given its model. 0: it was this step's own. */
  readonly age: number;
  /** Simulated time, milliseconds. */
  readonly arrivedMs: number;
};

/**
 * One server step of a method whose clients work on tasks that span steps. Who is at work is no sample, so there is neither cohort
 * nor inclusion.
 */
export interface CoordinatorStep<H, M extends MessageKinds>
  extends Omit<RoundCommon<H>, 'cohort' | 'inclusion' | 'privacy'> {
  /** Simulated time of the coordinator: that of the last arrival read. */
  readonly clockMs: number;
  /**
   * From now on every free place is given to an idle client with this payload, which is encoded once. A later offer takes the
   * place of an earlier one. `to`: only these clients. `times`, 'once': each client begins at most one task with it.
   */
  offer<K extends SentBy<M, 'coordinator'>>(
    kind: K,
    payload: Payload<M[K]>,
    options?: { readonly to?: readonly ClientIndex[]; readonly times?: 'once' | 'again' },
  ): Payload<M[K]>;
  /**
   * Answers in order of simulated arrival; of equal times, the task that began earlier first. The reader that stops ends the step:
   * other tasks continue into the next steps. Ends when no client is at work and none can begin. `together`: the half folds so many into one
   * step, as `folds` declares, and where the scenario has a robust sum of this kind it gets them together, as that leaves them; fewer
   * where no more come. Left out: it folds them by `robustSum`, or in no way for which a robust sum has a meaning. `around`: the
   * answers are models, and a robust sum sees their differences from this one.
   */
  arrivals<K extends ReceivedBy<M, 'coordinator'>>(
    kind: K,
    options?: { readonly together?: number; readonly around?: ReadonlyVector },
  ): AsyncIterable<Arrival<M[K]>> & { readonly absent: readonly Absence[] };
  /**
   * The scenario's robust sum of this kind, for answers that one fold takes although they came in several steps; null: it has none, and
   * none need be kept. Takes the messages of a fold in order of arrival, and returns them as the sum leaves them, each with its other
   * fields: all vectors the same one, or each changed by itself. `around`: as of `arrivals`. Throws ERR_QUORUM for fewer than the rule needs.
   */
  robustSum<K extends ReceivedBy<M, 'coordinator'>>(
    kind: K,
  ): (<T extends Payload<M[K]>>(messages: readonly T[], around?: ReadonlyVector) => readonly T[]) | null;
}

/**
 * An asynchronous method. Its client's round is one task: it takes the model, answers once and returns, while the coordinator's
 * half makes server steps. Exactly one kind of message goes each way.
 */
export function defineTasks<H, const M extends MessageKinds, C, S>(
  method: Omit<Method<H, M, C, S, Objective>, 'coordinator' | 'schedule' | 'cohort'> & {
    readonly coordinator: HalfOrMaker<H, CoordinatorHalf<S, CoordinatorStep<H, M>, H>>;
  },
): Method<H, M, C, S, Objective> {
  return extension('method', { ...method, schedule: 'tasks' } as unknown as Method<H, M, C, S, Objective>);
}
