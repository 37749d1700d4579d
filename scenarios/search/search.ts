import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonText, replaceFile } from '../../coordinator/run-directory/atomic-file.js';
import { newFolder } from '../../coordinator/run-directory/new-folder.js';
import { createRunPath } from '../../coordinator/run-directory/run-path.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { ScenarioInput, SweepInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Json } from '../../protocol/scenario/scenario.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { loadCatalogue } from '../run/catalogue.js';
import type { RunOptions, RunOutcome } from '../run/run.js';
import { resumeSweep, runSweep } from '../run/runtime.js';
import { shown } from '../run/shown.js';
import { isSweepFolder } from '../run/sweep-run.js';
import type { Axis } from './axis.js';
import { type SearchPlan, type SearchSettings, searchPlan, type Trial } from './plan.js';
import { costOf, type Goal, type Ranked, ranked, type SearchCost } from './ranking.js';

export interface SearchRequest extends Omit<SearchSettings, 'rounds'> {
  readonly axes: readonly Axis[];
  readonly goal: Goal;
  /** Seeds of every trial, from the scenario's on. */
  readonly seeds: number;
}

export interface SearchOutcome {
  readonly directory: string;
  readonly best: Ranked;
  /** Best first. */
  readonly rungs: readonly {
    readonly directory: string;
    readonly rounds: number;
    readonly trials: readonly Ranked[];
  }[];
  readonly cost: SearchCost;
}

/**
 * Runs the trials of a search and ranks them. Every rung is a sweep in the search's folder, so that its runs can be read, compared
 * and repeated as those of any sweep; `search.json` has the ranking and the cost. With the folder of a search that was stopped it
 * continues. The scenario's expectations and claims are about other settings: they are left out.
 * Throws ERR_USAGE, ERR_SCENARIO before anything is written, ERR_STOPPED, and the errors of a run.
 */
export async function search(
  input: ScenarioInput,
  request: SearchRequest,
  options: RunOptions,
): Promise<SearchOutcome> {
  const { expect: _, claims: __, reportPlots: ___, ...base } = input;
  const { rounds, privacy } = await resolveScenario({ ...base, name: input.name ?? 'scenario' }, await loadCatalogue());
  const { axes, goal, seeds } = request;
  if (axes.some(({ path }) => path === 'seed' || path === 'rounds'))
    throw new GradswarmError(
      'ERR_USAGE',
      '--over: expected a setting of the experiment; --seeds and --rounds have options of their own',
    );
  const plan = searchPlan(axes, { ...request, rounds });
  const rung = (index: number, trials: readonly Trial[]) =>
    rungSweep(
      `${input.name ?? 'scenario'}-rung-${index + 1}`.replaceAll('/', '-'),
      base,
      trials,
      plan.rungs[index]!.rounds,
      seeds,
    );
  // All trials, at the last rung's rounds too, before anything is written.
  for (const index of plan.rungs.keys()) await resolveSweep(rung(index, plan.trials), await loadCatalogue());

  const directory = openFolder(input.name ?? 'scenario', options.directory, { plan, goal, seeds, base });
  const rungs: SearchOutcome['rungs'][number][] = [];
  const all: RunOutcome[] = [];
  let trials = plan.trials;
  for (const [index, { rounds: rungRounds }] of plan.rungs.entries()) {
    const folder = join(directory, `rung-${index + 1}`);
    const outcomes = await runRung(rung(index, trials), folder, options);
    const byTrial = trials.map((_trial, i) => outcomes.slice(i * seeds, (i + 1) * seeds));
    const order = ranked(trials, byTrial, goal);
    if (order[0]!.score === null)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `--goal ${goal.best}:${goal.figure}: expected a trial with a finite ${goal.figure}, got none of ${trials.length}`,
      );
    rungs.push({ directory: shown(folder), rounds: rungRounds, trials: order });
    all.push(...outcomes);
    trials = order.slice(0, plan.rungs[index + 1]?.trials ?? 0).map(({ values }) => values);
  }
  const outcome = {
    directory: shown(directory),
    best: rungs.at(-1)!.trials[0]!,
    rungs,
    cost: costOf(all, privacy.delta),
  };
  replaceFile(join(directory, 'search.json'), `${jsonText({ ...begun(directory), ...outcome }, 2)}\n`);
  return outcome;
}

/** The scenario at these trials, changed in its rounds. */
function rungSweep(
  name: string,
  base: Omit<ScenarioInput, 'name'>,
  trials: readonly Trial[],
  rounds: number,
  seeds: number,
): SweepInput {
  const paths = Object.keys(trials[0]!);
  const valuesOf = (path: string) => [
    ...new Map(trials.map((trial) => [JSON.stringify(trial[path]), trial[path]!])).values(),
  ];
  const over = Object.fromEntries(paths.map((path): [string, readonly Json[]] => [path, valuesOf(path)]));
  const first = base.seed ?? 1;
  return {
    sweep: name,
    description: base.description ?? '',
    base: { ...base, rounds },
    over: { ...over, seed: Array.from({ length: seeds }, (_, i) => first + i) },
    points: trials,
  };
}

async function runRung(input: SweepInput, folder: string, options: RunOptions): Promise<readonly RunOutcome[]> {
  const { points } = isSweepFolder(folder)
    ? await resumeSweep(folder, options)
    : await runSweep(await resolveSweep(input, await loadCatalogue()), { ...options, directory: folder });
  return points.map(({ outcome }) => outcome);
}

interface Begun {
  readonly plan: SearchPlan;
  readonly goal: Goal;
  readonly seeds: number;
  readonly base: Omit<ScenarioInput, 'name'>;
}

/** A new folder, or that of the same search, which continues. */
function openFolder(name: string, path: string | null, search: Begun): string {
  const text = JSON.parse(jsonText(search, 2)) as Begun;
  if (path !== null && existsSync(join(path, 'search.json'))) {
    if (JSON.stringify(begun(path)) !== JSON.stringify(text))
      throw new GradswarmError('ERR_USAGE', `--out ${path}: expected this search, got the folder of another one`);
    return path;
  }
  const directory = path ?? createRunPath('runs', `search-${name}`, new Date(), false).path;
  if (path !== null) newFolder(path);
  mkdirSync(directory, { recursive: true });
  replaceFile(join(directory, 'search.json'), `${jsonText(text, 2)}\n`);
  return directory;
}

/** What the search in a folder was asked for. */
function begun(directory: string): Begun {
  const file = join(directory, 'search.json');
  try {
    const { plan, goal, seeds, base } = JSON.parse(readFileSync(file, 'utf8')) as Begun;
    return { plan, goal, seeds, base };
  } catch (cause) {
    throw new GradswarmError('ERR_USAGE', `${file}: expected the record of a search, got a damaged file`, { cause });
  }
}
