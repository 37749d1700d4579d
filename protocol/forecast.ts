/**
 * A method's statements about a run before it starts, from public numbers alone: a file of `methods/` may export a function
 * `forecast` beside the method. Its result is printed before the first round and in the report.
 */
export interface RunOutlook {
  readonly rounds: number;
  readonly clientCount: number;
  readonly parameterCount: number;
  /** Of each client: public. */
  readonly exampleCounts: readonly number[];
  /** At which the run's ledger is read. */
  readonly delta: number;
  readonly privateNoise: 'seeded' | 'secure';
}

/** What a run with these hyperparameters will meet, one sentence each; empty: nothing to say. */
export type Forecast<H> = (hyperparameters: H, outlook: RunOutlook) => readonly string[];
