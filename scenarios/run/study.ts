import type { Figure } from '../../coordinator/report/plots.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { AnyMethod, PartyId, ReadonlyVector, Rng } from '../../protocol/method.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Problem } from '../../worker/problem.js';
import { defaultExports } from './module-folder.js';

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
  /** Complete settings, plain data. */
  readonly defaults: S;
  /** Throws when settings of the right types make no sense. */
  check?(settings: S): void;
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
export function defineStudy<S extends object>(family: StudyFamily<S>): StudyFamily {
  return family as unknown as StudyFamily;
}

const FOLDER = new URL('../studies/', import.meta.url);

/** Every study by its name. */
export async function loadStudies(): Promise<ReadonlyMap<string, StudyFamily>> {
  const studies = new Map<string, StudyFamily>();
  for (const [name, family] of (await defaultExports(FOLDER)) as ReadonlyMap<string, StudyFamily>)
    if (family.name === name && typeof family.open === 'function') studies.set(name, family);
  return studies;
}

/** The study that a scenario names, opened; null where it names none. */
export async function openStudy(problem: StudiedProblem): Promise<Study | null> {
  const { study } = problem.scenario;
  // Older records have no `study`.
  if (!study) return null;
  const { name, ...settings } = study;
  const family = (await loadStudies()).get(name);
  if (!family) throw new GradswarmError('ERR_SCENARIO', `study: expected the name of a study, got '${name}'`);
  return family.open(settings, problem);
}
