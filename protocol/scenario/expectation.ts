import { extension } from '../settings/extension.js';
import type { Settings } from '../settings/settings.js';
import { type Made, madeSpec } from './made.js';
import type { Json, Scenario, Spec } from './scenario.js';

/** One row of metrics.csv. */
export interface MetricsRow {
  /** Rounds done: 1 after the first round; 0, where there is such a row, before it. */
  readonly round: number;
  /** Held-out, of the estimates after those rounds; null where they were not evaluated. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** Sent since the row before, in bytes on the wire. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly bytesPeer: number;
  /** Clocks at the round's end, from the run's start. */
  readonly simulatedMs: number;
  readonly wallMs: number;
  /** What the method and the host measured besides, such as `epsilon`. */
  readonly extra: Readonly<Record<string, number>>;
}

/** Results of a finished run. */
export interface RunRecord {
  readonly scenario: Scenario;
  /** In round order. */
  readonly rows: readonly MetricsRow[];
  /** Figures of the whole run by name, such as `finalLoss`. */
  readonly summary: Readonly<Record<string, Json>>;
  /** How often each rule of `scenario.faults` acted, in the same order. */
  readonly faultsFired: readonly number[];
  /** Hash of every party's final state. */
  readonly stateDigest: string;
  /** The swept values by path, where the run is a point of a sweep. */
  readonly point?: Readonly<Record<string, Json>>;
}

/** Three-valued: 'unknown' where a run has no evidence either way. */
export type Holds = true | false | 'unknown';

/** What an expectation found. */
export interface Finding {
  readonly holds: Holds;
  /** The number or word that decided. */
  readonly observed: number | string | null;
  /** One sentence for the report. */
  readonly detail: string;
}

/** What an expectation found, and its name. */
export interface Judgement extends Finding {
  readonly name: string;
}

/**
 * The default export of every file of `expectations/`; the file name is the expectation's name. `judge`: pure; one record of
 * a run, or one for each point of a sweep.
 */
export interface ExpectationFamily {
  readonly name: string;
  /** What it claims, in a line. */
  readonly summary: string;
  // biome-ignore lint/suspicious/noExplicitAny: every expectation has its own type of settings.
  readonly settings: Settings<any>;
  judge(records: readonly RunRecord[], settings: Readonly<Record<string, unknown>>): Finding;
}

/** An expectation that scenarios and sweeps can name under `expect`; `judge` has the type of its settings. Marked as an expectation. */
export function defineExpectation<S extends object>(family: {
  readonly name: string;
  readonly summary: string;
  readonly settings: Settings<S>;
  judge(records: readonly RunRecord[], settings: S): Finding;
}): Omit<ExpectationFamily, 'settings'> & { readonly settings: Settings<S> } {
  return extension('expectation', {
    ...family,
    judge: (records: readonly RunRecord[], settings: Readonly<Record<string, unknown>>) =>
      family.judge(records, settings as S),
  });
}

/** The expectation narrowed to the runs of a sweep that have these values at these paths of their scenarios. */
export function where(values: Readonly<Record<string, Json>>, expectation: Spec): Made<Spec> {
  return madeSpec({ ...expectation, where: values });
}
