/**
 * What a method can tell of a run before it, from public numbers alone: a file of `methods/` may export a function
 * `forecast` beside the method. What it returns is said before the first round and in the report.
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

export type Forecast<H> = (hyperparameters: H, outlook: RunOutlook) => readonly string[];
