import { openLoop } from '../../coordinator/run/open-loop.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { AnyMethod, ReadonlyVector } from '../../protocol/method.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { loadRunMethod } from '../../protocol/selection/parts/run-method.js';
import { openProblem, type Problem } from '../../worker/problem.js';
import { loadCatalogue } from '../run/catalogue.js';
import { openFleet } from '../run/open-fleet.js';

/** A scenario whose data are read and whose model is built: what repeats share and no timing holds. */
export interface PreparedRun {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  readonly problem: Problem;
}

export interface TimedRun {
  readonly result: RunResult;
  /** Milliseconds of each round, evaluation included where one was due. */
  readonly roundMs: readonly number[];
}

/** `problem`: of a scenario with the same data, objective, clients and seed; left out, a new one. */
export async function prepareRun(input: ScenarioInput, problem?: Problem): Promise<PreparedRun> {
  const scenario = await resolveScenario(input, await loadCatalogue());
  const method = await loadRunMethod(scenario);
  return { scenario, method, problem: problem ?? (await openProblem(scenario)) };
}

/**
 * A whole run that writes nothing down. Worker processes, where the scenario has some, are started before the clock is.
 * `budgetMs`: after it no further round is begun.
 */
export async function timedRun(
  { scenario, method, problem }: PreparedRun,
  signal: AbortSignal,
  budgetMs = Number.POSITIVE_INFINITY,
): Promise<TimedRun> {
  const fleet = await openFleet(scenario, method, problem, {
    listen: null,
    signal,
    epoch: 1,
    fromRound: 0,
    note: () => {},
    session: () => {},
  });
  const spent = new AbortController();
  try {
    const atMs = [0];
    const loop = openLoop({
      scenario,
      site: fleet.site,
      crew: fleet.crew,
      evaluator: problem.family,
      observer: {
        round: ({ wallMs }) => {
          atMs.push(wallMs);
          if (wallMs > budgetMs) spent.abort();
        },
        abandoned: () => {},
        checkpoint: () => {},
      },
      scriptedAbsences: fleet.scriptedAbsences,
      forgotten: fleet.forgotten,
      faultsFired: fleet.faultsFired,
      privacy: fleet.privacy,
      signal: AbortSignal.any([signal, spent.signal]),
      now: () => performance.now(),
    });
    const result = await loop.run();
    return { result, roundMs: atMs.slice(1).map((ms, round) => ms - atMs[round]!) };
  } finally {
    await fleet.close();
  }
}

export function totalMs({ roundMs }: TimedRun): number {
  return roundMs.reduce((sum, ms) => sum + ms, 0);
}

/** Throws unless the two are equal to the bit: only then did both do the same arithmetic. */
export function requireEqualBits(who: string, run: ReadonlyVector, bare: ReadonlyVector): void {
  const different = bare.length === run.length ? firstDifference(run, bare) : 0;
  if (different !== null)
    throw new Error(
      `${who}: the run and the objective alone differ at parameter ${different}: ${run[different]}, ${bare[different]}`,
    );
}

function firstDifference(a: ReadonlyVector, b: ReadonlyVector): number | null {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i;
  return null;
}
