import type { Figure } from '../../coordinator/report/plots.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { AnyMethod, PartyId, ReadonlyVector, Rng } from '../../protocol/method.js';
import { decodeRecord } from '../../protocol/party/record.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { extension } from '../../protocol/settings/extension.js';
import { NamedModules, readSpec } from '../../protocol/settings/named-modules.js';
import type { Settings } from '../../protocol/settings/settings.js';
import type { Problem } from '../../worker/problem.js';

/**
 * A study: a measurement of a scenario that no training method gives, such as the distance of samples to a known
 * posterior, an attack on what was sent, or a landscape around the result. It sees the whole problem and never changes the
 * run. One file of `studies/` each, whose default export is a StudyFamily of the file's name; a scenario names it with its
 * settings: `study: { name: 'privacy-audit', canaries: 100 }`.
 */
export interface StudyFamily<S = Record<string, unknown>> {
  readonly name: string;
  /** What it measures, in a line. */
  readonly summary: string;
  readonly settings: Settings<S & object>;
  /** Series that its rows have, and entries of its summary; '*' at the end of a name stands for anything. Left out: none. */
  readonly measures?: readonly string[];
  readonly figures?: readonly string[];
  /** Before the first round (or the first after a resume). */
  open(settings: S, problem: StudiedProblem): Study | Promise<Study>;
}

/** What is the same for the whole run. */
export interface StudiedProblem {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  /** Data, partition, model, and every client's objective, whatever process the clients are in. */
  readonly problem: Problem;
  /** The study's own stream, which no party of the run shares. */
  readonly rng: Rng;
}

export interface Study {
  /**
   * After every round with the estimates; what it returns joins the round's row of metrics.csv. `round`: rounds done. What a
   * study remembers is lost when the run is resumed; rows are not.
   */
  round?(
    round: number,
    estimates: readonly ReadonlyVector[],
  ): Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** After the last round. Left out: the rows were all. */
  finish?(run: StudiedRun): StudyResult | Promise<StudyResult>;
}

export interface StudiedRun {
  /** All rows; the summary so far. */
  readonly record: RunRecord;
  readonly estimates: readonly ReadonlyVector[];
  /** A party's final state, as its half returned it; null for a client that was never invited. */
  stateOf(party: PartyId): unknown;
}

export interface StudyResult {
  /** Joins the run's summary: expectations and claims name its entries. NaN and infinities fail `finite`. */
  readonly summary: Readonly<Record<string, number>>;
  /** Pictures for the report: any Vega-Lite specification, or `linePlot` and its kin of coordinator/report/plots.ts. */
  readonly figures?: readonly Figure[];
  /** Sentences for the terminal. */
  readonly notes?: readonly string[];
}

/** A study whose settings have the type of its defaults. */
export function defineStudy<S extends object>(family: StudyFamily<S>): StudyFamily<S> {
  return extension('study', family);
}

/** The studies that are loaded: the default exports of `studies/`. */
// biome-ignore lint/suspicious/noExplicitAny: every study has its own type of settings.
export const studies = new NamedModules<StudyFamily<any>>('study', 'a study', [
  new URL('../studies/', import.meta.url),
]);

/** The study that a scenario names, opened; null where it names none. */
export async function openStudy(problem: StudiedProblem): Promise<Study | null> {
  const { study } = problem.scenario;
  // Older records have no `study`.
  if (!study) return null;
  await studies.loadSpec(study);
  const { family, settings } = readSpec(studies, study);
  return family.open(settings, problem);
}

/** Null: there is no study, or none of the whole run. */
export async function studyResult(
  study: Study | null,
  record: RunRecord,
  result: RunResult,
): Promise<StudyResult | null> {
  if (!study?.finish) return null;
  return study.finish({
    record,
    estimates: result.estimates,
    stateOf: (party) => {
      const bytes = result.records.get(party);
      return bytes ? decodeRecord(party, bytes).state : null;
    },
  });
}
