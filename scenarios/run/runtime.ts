import { writeSweepReport } from '../../coordinator/report/sweep-report.js';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { SweepDirectory } from '../../coordinator/run-directory/sweep-directory.js';
import { GradswarmError } from '../../protocol/errors.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { judge, sweepVerdict } from '../../protocol/scenario/judge.js';
import type { Json, Scenario } from '../../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { distinctPart, valueInWords } from '../../protocol/scenario/wording.js';
import { judgeClaims } from '../report/claims.js';
import { sweepFigures } from '../report/sweep-figures.js';
import { loadExpectations } from './catalogue.js';
import { readRecordedRun, replayFleet } from './replay.js';
import { rollBack } from './roll-back.js';
import type { RunOptions, RunOutcome, SweepOutcome } from './run.js';
import { runSession, type SessionResult, shown } from './session.js';

export { loadCatalogue } from './catalogue.js';

const ROOT = 'runs';

/** Runs to the last round, or to the privacy budget, and judges. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<RunOutcome> {
  return (await runSession(scenario, newDirectory(scenario, options), options)).outcome;
}

function newDirectory(scenario: Scenario, { directory }: RunOptions): RunDirectory {
  return RunDirectory.create({
    root: ROOT,
    scenarioName: scenario.name,
    scenario,
    ...(directory === null ? {} : { path: directory }),
  });
}

/** Runs every point in order and judges them together. */
export async function runSweep(sweep: ResolvedSweep, options: RunOptions): Promise<SweepOutcome> {
  const directory = SweepDirectory.create({
    root: ROOT,
    sweepName: sweep.name,
    sweep,
    ...(options.directory === null ? {} : { path: options.directory }),
  });
  const results: { readonly label: string; readonly result: SessionResult }[] = [];
  for (const [index, { label, values, scenario }] of sweep.points.entries()) {
    const point = directory.createPoint(index, label, scenario);
    const result = await runSession(scenario, point, { ...options, label, point: values });
    results.push({ label, result });
    directory.addPoint({
      directory: point.path.slice(directory.path.length + 1),
      settings: Object.fromEntries(
        Object.entries(values).map(([path, value]) => [path, scalar(value, sweep.over[path]!)]),
      ),
      valid: result.outcome.verdict.valid,
      results: numbersOf(result.outcome.summary),
      stateDigest: result.outcome.stateDigest || null,
    });
  }
  const expectations = await loadExpectations();
  const records = results.map(({ result }) => result.record);
  const verdict = judge(records, sweep.expect, (name) => expectations.get(name));
  const points = results.map(({ label, result }) => ({ label, outcome: result.outcome }));
  const valid = sweepVerdict(
    points.map(({ outcome }) => outcome.verdict),
    verdict,
  );
  directory.writeVerdict({ valid, expectations: verdict.expectations });
  const names = [...new Set(sweep.points.map(({ scenario }) => scenario.method.name))];
  const methods = await Promise.all(names.map(loadMethod));
  const claims = await judgeClaims(sweep.claims, records);
  const reportPath = await writeSweepReport(directory, {
    title: sweep.name,
    summary: sweep.description,
    verdict: { valid, expectations: verdict.expectations },
    methods: methods.map(({ name, paper }) => ({ name, paper })),
    claims,
    figures: sweepFigures(sweep, records),
    repeat: [`gradswarm run ${sweep.name}`],
  });
  return { directory: shown(directory.path), valid, verdict, points, reportPath: shown(reportPath), claims };
}

function scalar(value: Json, axis: readonly Json[]): string | number | boolean {
  return typeof value === 'object' ? valueInWords(distinctPart(value, axis)) : value;
}

function numbersOf(summary: Readonly<Record<string, Json>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(summary).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

/** Goes on from the last checkpoint of an unfinished run. */
export async function resumeRun(path: string, options: RunOptions): Promise<RunOutcome> {
  const directory = RunDirectory.open(path);
  const { roundsDone, finishedAt } = directory.manifest;
  if (finishedAt !== null)
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${path}: expected an unfinished run, got one that did all ${roundsDone} rounds`,
    );
  const scenario = directory.scenario as Scenario;
  const from = rollBack(directory, (text) => options.watcher?.note(text));
  directory.noteResumption();
  return (await runSession(scenario, directory, { ...options, from })).outcome;
}

/** Runs the recorded scenario again, in one process, under the recorded delivery log and compares the bits. */
export async function replayRun(path: string, options: RunOptions): Promise<RunOutcome> {
  const recorded = readRecordedRun(path);
  const { scenario, stateDigest } = recorded;
  const again = { ...scenario, workers: { ...scenario.workers, count: 0 } };
  const { outcome } = await runSession(again, newDirectory(again, options), {
    ...options,
    fleet: (replayed, method, problem) => replayFleet(replayed, method, problem, recorded),
    firstAttempt: (round) => recorded.log[round]?.attempt ?? 0,
  });
  const same = outcome.stateDigest === stateDigest;
  return {
    ...outcome,
    verdict: {
      valid: same,
      expectations: [
        {
          name: 'equal-digests',
          holds: same,
          observed: outcome.stateDigest,
          detail: same ? `the recorded state, ${stateDigest}` : `recorded ${stateDigest}, got ${outcome.stateDigest}`,
        },
      ],
    },
  };
}

export { NotWanted } from '../../worker/main.js';
export { runBenchmarks } from '../bench/benchmarks.js';
export { joinAsWorker } from './join.js';
