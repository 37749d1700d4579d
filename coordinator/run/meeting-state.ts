/** By client; plain data. Simulated times in milliseconds. */
export interface MeetingState {
  /** When its gradient will be finished: exact, since it is computed when it begins. */
  readonly readyMs: readonly number[];
  /** When its last meeting was over. */
  readonly freeMs: readonly number[];
  /** The round in which its gradient began; -1: none has. */
  readonly began: readonly number[];
  /** No meeting begins before it. */
  readonly nowMs: number;
}
