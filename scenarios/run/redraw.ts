import { RunBudget } from '../../coordinator/run/privacy-budget.js';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import { loadRunMethod } from '../../protocol/selection/parts/run-method.js';
import { openProblem } from '../../worker/problem.js';
import { loadUsed } from '../plug-ins/use.js';
import { concludePosterior } from '../posterior/posterior.js';
import { judgeClaims } from '../report/claims.js';
import type { writeRunReport } from '../report/run-report.js';
import { forecastOf } from './forecast.js';
import { localFleet } from './local-fleet.js';
import { onRecordedDevice, recordedRun, recordedScenario } from './recorded.js';
import { releasesOf } from './roll-back.js';
import type { RunOutcome } from './run.js';
import { shown } from './shown.js';
import type { StudyResult } from './study.js';

/** Draws report.html from the folder of a run, finished or not; nothing else in it changes. */
export async function redrawReport(path: string, drawReport?: typeof writeRunReport): Promise<RunOutcome> {
  const directory = RunDirectory.open(path);
  try {
    const scenario = onRecordedDevice(recordedScenario(path), path);
    await loadUsed(scenario.use);
    const method = await loadRunMethod(scenario);
    const problem = await openProblem(scenario);
    const fleet = await localFleet({ ...scenario, workers: { ...scenario.workers, count: 0 } }, method, problem);
    const { stateDigest, finishedAt, transport } = directory.manifest;
    if (finishedAt === null) requireWhole(directory);
    const record: RunRecord =
      finishedAt === null
        ? { scenario, rows: directory.rows(), summary: {}, faultsFired: [], stateDigest: '' }
        : recordedRun(path);
    const verdict: Verdict = directory.results.verdict() ?? { valid: 'unknown', expectations: [] };
    const budget = new RunBudget(scenario.privacy);
    budget.charge(releasesOf(directory));
    const claims = await judgeClaims(scenario.claims, [record]);
    const draw = drawReport ?? (await import('../report/run-report.js')).writeRunReport;
    const reportPath = await draw({
      scenario,
      method,
      problem,
      directory,
      verdict,
      claims,
      record,
      fleet: { ...fleet, transport: transport ?? fleet.transport },
      studied: directory.results.study() as StudyResult | null,
      forecast: await forecastOf(scenario, problem),
      privacy: budget.result(),
      posterior: await concludePosterior(scenario, problem, directory),
    });
    return {
      directory: shown(path),
      verdict,
      summary: record.summary,
      stateDigest: stateDigest ?? '',
      reportPath: shown(reportPath),
      claims,
    };
  } finally {
    directory.close();
  }
}

/** What there is of an unfinished run is drawn only where none of it was lost. */
function requireWhole(directory: RunDirectory): void {
  try {
    directory.checkFiles();
  } catch (error) {
    if (!(error instanceof GradswarmError)) throw error;
    const what = error.message.replace(`${error.code}: `, '');
    throw new GradswarmError(
      error.code,
      `${what}; 'gradswarm resume ${shown(directory.path)}' continues from the newest checkpoint whose files are whole`,
      { cause: error },
    );
  }
}
