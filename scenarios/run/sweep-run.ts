import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import { SweepDirectory } from '../../coordinator/run-directory/sweep-directory.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { type DeviceChoice, processChoices } from '../../worker/fastest-device.js';
import type { MakeFamily } from '../../worker/problem.js';
import { type ReadData, readOnce } from '../../worker/read-data.js';
import { loadUsed } from '../plug-ins/use.js';
import { continueRun, finishedRun, isFinished } from './continue-run.js';
import { requireFreeAddress } from './free-address.js';
import type { ShownRow } from './main-thread.js';
import { runPoints } from './point-processes.js';
import { redrawReport } from './redraw.js';
import type { RunOptions, RunWatcher, SweepOutcome } from './run.js';
import type { SessionOptions, SessionResult } from './session-options.js';
import { shown } from './shown.js';
import { concludeSweep, indexPoint, type SweepPointResult } from './sweep-conclusion.js';
import { judgementLines } from './verdict-lines.js';
import { chosenFamily, whatIsRead } from './what-is-read.js';

/** Runs every point in order and judges them together. Nothing is written before all points have been read and fit together. */
export async function runSweep(sweep: ResolvedSweep, options: RunOptions): Promise<SweepOutcome> {
  await requireFreeAddress(options.listen);
  const readData = readOnce();
  await readPoints(sweep, options.signal, readData, (scenario) => chosenFamily(scenario, options));
  const { measured } = processChoices;
  const chosen: RecordedSweep = Object.keys(measured).length === 0 ? sweep : { ...sweep, deviceChoices: measured };
  const directory = SweepDirectory.create({
    root: 'runs',
    sweepName: sweep.name,
    sweep: chosen,
    ...(options.directory === null ? {} : { path: options.directory }),
  });
  return allPoints(chosen, directory, options, readData);
}

/** Continues a stopped sweep: points that are done stay, the one under way continues from its checkpoint. */
export async function resumeSweep(path: string, options: RunOptions): Promise<SweepOutcome> {
  const sweep = sweepIn(path);
  return allPoints(sweep, SweepDirectory.open(path, sweep.name), options);
}

/** Draws a sweep's report again from the points that are done, and the reports of those that have none. */
export async function redrawSweep(path: string): Promise<SweepOutcome> {
  const sweep = sweepIn(path);
  const directory = SweepDirectory.open(path, sweep.name);
  const points: SweepPointResult[] = [];
  for (const [index, { label, scenario }] of sweep.points.entries()) {
    const point = directory.pathOf(index, label);
    if (!isFinished(point)) continue;
    await loadUsed(scenario.use);
    if (!existsSync(join(point, 'report.html'))) await redrawReport(point);
    points.push({ label, result: await finishedRun(point) });
    indexPoint(sweep, directory, index, points.at(-1)!.result);
  }
  return concludeSweep(sweep, directory, points, points.length === sweep.points.length ? null : 'unknown');
}

/** `deviceChoices`: for all points, in whatever process they run; left out where none was measured. */
interface RecordedSweep extends ResolvedSweep {
  readonly deviceChoices?: Readonly<Record<string, DeviceChoice>>;
}

function sweepIn(path: string): RecordedSweep {
  return readJsonFile(join(path, 'sweep.json'), 'sweep');
}

/** Is it the folder of a sweep? */
export function isSweepFolder(path: string): boolean {
  return existsSync(join(path, 'sweep.json'));
}

/** How many points the sweep in a folder has. */
export function pointsOf(path: string): number {
  return sweepIn(path).points.length;
}

/**
 * Reads what each point reads, once where several read the same. `makerOf` left out: no device is chosen. Throws what a run of the point
 * would, with its label.
 */
export async function readPoints(
  { points }: ResolvedSweep,
  signal: AbortSignal,
  readData: ReadData = readOnce(),
  makerOf: (scenario: Scenario) => MakeFamily | undefined = () => undefined,
): Promise<void> {
  const read = new Set<string>();
  for (const { label, scenario } of points) {
    const { use, method, objective, data, clients, seed, precision, device, initial, study } = scenario;
    const settings = study ? method : method.name;
    const what = JSON.stringify([use, settings, objective, data, clients, seed, precision, device, initial, study]);
    if (signal.aborted || read.has(what)) continue;
    read.add(what);
    await whatIsRead(scenario, makerOf(scenario), readData).catch((error: unknown) => {
      if (!(error instanceof GradswarmError)) throw error;
      throw new GradswarmError(error.code, `${label}: ${error.message.replace(`${error.code}: `, '')}`, {
        cause: error,
      });
    });
  }
}

async function allPoints(
  sweep: RecordedSweep,
  directory: SweepDirectory,
  options: RunOptions,
  readData: ReadData = readOnce(),
): Promise<SweepOutcome> {
  const jobs = Math.min(options.jobs ?? 1, sweep.points.length);
  if (jobs > 1) return severalAtOnce(sweep, directory, jobs, options);
  const points: SweepPointResult[] = [];
  for (const [index, { label }] of sweep.points.entries()) {
    try {
      points.push({ label, result: await onePoint(sweep, directory, index, { ...options, readData }) });
    } catch (error) {
      throw await partly(sweep, directory, points, error);
    }
    pointIsDone(sweep, directory, index, points.at(-1)!.result, options.watcher);
  }
  return concludeSweep(sweep, directory, points);
}

/** Begins a point, continues it, or returns how it ended. */
function onePoint(
  sweep: RecordedSweep,
  directory: SweepDirectory,
  index: number,
  options: RunOptions & Pick<SessionOptions, 'readData'>,
) {
  const { label, values, scenario } = sweep.points[index]!;
  const part = { index, of: sweep.points.length };
  processChoices.recall(sweep.deviceChoices ?? {});
  const session = { ...options, label, part, folder: directory.path, point: values };
  const path = directory.pathOf(index, label);
  return continueRun(scenario, path, session, () => directory.createPoint(index, label, scenario));
}

/** One point of the sweep in a folder, in a process of its own. */
export async function runPoint(
  path: string,
  index: number,
  { tensorboard, signal, watcher }: Pick<RunOptions, 'tensorboard' | 'signal'> & { readonly watcher: RunWatcher },
): Promise<void> {
  const sweep = sweepIn(path);
  await onePoint(sweep, SweepDirectory.open(path, sweep.name), index, {
    directory: null,
    listen: null,
    signal,
    watcher,
    ...(tensorboard && { tensorboard }),
  });
}

/** Every point in a process of its own, at most `jobs` at once; the display sees one long run of all rounds. */
async function severalAtOnce(
  sweep: ResolvedSweep,
  directory: SweepDirectory,
  jobs: number,
  { listen, signal, watcher, tensorboard }: RunOptions,
): Promise<SweepOutcome> {
  if (listen)
    throw new GradswarmError(
      'ERR_USAGE',
      '--jobs: expected it without --listen: workers of elsewhere join one run at a time',
    );
  const results = new Map<number, SessionResult>();
  const pathOf = (index: number) => directory.pathOf(index, sweep.points[index]!.label);
  const ended = async (index: number) => {
    const result = await finishedRun(pathOf(index));
    results.set(index, result);
    pointIsDone(sweep, directory, index, result, watcher);
  };
  const done = () =>
    [...results]
      .sort(([a], [b]) => a - b)
      .map(([index, result]): SweepPointResult => ({ label: sweep.points[index]!.label, result }));
  const waiting: number[] = [];
  for (const index of sweep.points.keys())
    if (isFinished(pathOf(index)) && existsSync(join(pathOf(index), 'report.html'))) await ended(index);
    else waiting.push(index);
  const progress = roundsOfAll(sweep, waiting, watcher);
  watcher?.start(`${sweep.name}, ${jobs} at once`, progress.rounds, directory.path, { index: 0, of: 1 });
  try {
    await runPoints(directory.path, waiting, jobs, { signal, tensorboard: tensorboard ?? false, ...progress }, ended);
  } catch (error) {
    throw await partly(sweep, directory, done(), error);
  }
  return concludeSweep(sweep, directory, done());
}

/** The rounds of several runs as those of one. */
function roundsOfAll({ points }: ResolvedSweep, indices: readonly number[], watcher: RunWatcher | undefined) {
  const doneBy = new Map<number, number>();
  const startNotes = new Set<string>();
  return {
    rounds: indices.reduce((sum, index) => sum + points[index]!.scenario.rounds, 0),
    round: (index: number, row: ShownRow) => {
      doneBy.set(index, row.round);
      const round = [...doneBy.values()].reduce((sum, done) => sum + done, 0);
      watcher?.round({ ...row, round, simulatedMs: 0, wallMs: 0, extra: {} });
    },
    note: (index: number, text: string) => {
      const atStart = !doneBy.has(index);
      // Such as the device, which is measured once for all.
      if (atStart && startNotes.has(text)) return;
      if (atStart) startNotes.add(text);
      watcher?.note(`${points[index]!.label}: ${text}`);
    },
  };
}

/** A point that is not valid is reported at once. */
function pointIsDone(
  sweep: ResolvedSweep,
  directory: SweepDirectory,
  index: number,
  result: SessionResult,
  watcher: RunWatcher | undefined,
): void {
  indexPoint(sweep, directory, index, result);
  const { verdict } = result.outcome;
  if (verdict.valid === false)
    watcher?.note(
      `NOT VALID  ${sweep.points[index]!.label}: ${judgementLines(verdict, 'failures').join('; ').replace(/ +/g, ' ')}`,
    );
}

/** The error of an interrupted sweep: which points are done and reported, and the command that continues it. */
async function partly(
  sweep: ResolvedSweep,
  directory: SweepDirectory,
  points: readonly SweepPointResult[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof GradswarmError)) return error;
  // A full disk that ended a point has no room for this page either.
  const report = points.length > 0 ? await concludeSweep(sweep, directory, points, 'unknown').catch(() => null) : null;
  const what = error.message.replace(`${error.code}: `, '');
  return new GradswarmError(
    error.code,
    `${points.length} of ${sweep.points.length} points are done, then: ${what}; 'gradswarm resume ${shown(directory.path)}' continues the sweep` +
      (report ? `, ${report.reportPath} shows what there is` : ''),
    { cause: error },
  );
}
