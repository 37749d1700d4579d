import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jsonText, PARTIAL } from '../../coordinator/run-directory/atomic-file.js';
import { explainedDiskError, isDiskError } from '../../coordinator/run-directory/disk-error.js';
import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { RunLock, untilFree } from '../../coordinator/run-directory/run-lock.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { judgeClaims } from '../report/claims.js';
import { extendRun } from './extend.js';
import { onRecordedDevice, recordedRun, recordedScenario } from './recorded.js';
import { redrawReport } from './redraw.js';
import { rollBack } from './roll-back.js';
import type { RunOptions, RunOutcome } from './run.js';
import { runSession } from './session.js';
import type { SessionOptions, SessionResult } from './session-options.js';
import { shown } from './shown.js';
import { checkSameRead, chosenFamily, type Read, whatIsRead } from './what-is-read.js';

/** Continues an unfinished run from its last checkpoint. `rounds`: to a later last round, a finished run too. */
export async function resumeRun(
  path: string,
  { rounds, ...options }: RunOptions & { readonly rounds?: number },
): Promise<RunOutcome> {
  await free(path, options);
  if (rounds !== undefined) await extendRun(path, rounds);
  const manifest = manifestOf(path);
  if (manifest && manifest.finishedAt !== null)
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${path}: expected an unfinished run, got one that did all ${manifest.roundsDone} rounds`,
    );
  const directory = RunDirectory.open(path);
  return (await resumed(directory, options)).outcome;
}

/** Waits for a writer that may have ended; one that still runs is an error. */
function free(path: string, { signal, watcher }: SessionOptions): Promise<void> {
  return untilFree(path, { signal, note: (text) => watcher?.note(text) });
}

async function resumed(directory: RunDirectory, options: SessionOptions): Promise<SessionResult> {
  let from: SessionOptions['from'];
  let read: Read;
  try {
    // Before anything is cut back to the checkpoint.
    const scenario = onRecordedDevice(recordedScenario(directory.path), directory.path);
    read = await whatIsRead(scenario, chosenFamily(scenario, options));
    checkSameRead(read, directory.manifest.read, 'ERR_CHECKPOINT', shown(directory.path));
    from = rollBack(directory, (text) => options.watcher?.note(text));
    directory.noteResumption();
  } catch (error) {
    closed(directory);
    throw explainedDiskError(error, shown(directory.path), 'running');
  }
  return runSession(read.scenario, directory, { ...options, from, read });
}

/** What could not be written is not missed: nothing was computed. */
function closed(directory: RunDirectory): void {
  try {
    directory.close();
  } catch (error) {
    if (!isDiskError(error)) throw error;
  }
}

/**
 * Begins the scenario in the folder, or continues it, or returns how it ended: the same call after any end of the process. Throws
 * ERR_CHECKPOINT when the folder holds another scenario.
 */
export async function continueRun(
  scenario: Scenario,
  path: string,
  options: SessionOptions,
  create: () => RunDirectory = () => RunDirectory.create({ root: path, scenarioName: scenario.name, scenario, path }),
): Promise<SessionResult> {
  await free(path, options);
  const manifest = manifestOf(path);
  if (!manifest) {
    clearBegun(path);
    return runSession(scenario, create, options);
  }
  const file = join(path, 'scenario.json');
  if (!existsSync(file))
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${file}: expected a file, got nothing; put it back, or begin a new run with another --out`,
    );
  const recorded = readFileSync(file, 'utf8');
  if (recorded.trim() !== jsonText(scenario, 2))
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${path}: expected this scenario, got a folder of another one or of other settings; name another folder`,
    );
  if (manifest.finishedAt === null) return resumed(RunDirectory.open(path), options);
  // A process that ended while it drew the report leaves a run that is over without one.
  if (!existsSync(join(path, 'report.html'))) await redrawReport(path, options.drawReport);
  return finishedRun(path);
}

/** What a run that is over left. Throws ERR_CHECKPOINT when it is not. */
export async function finishedRun(path: string): Promise<SessionResult> {
  const manifest = manifestOf(path);
  if (!manifest || manifest.finishedAt === null)
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${path}: expected a run that is over, got ${manifest ? 'one that is not' : 'none'}`,
    );
  const { stateDigest } = manifest;
  const record = recordedRun(path);
  const verdict = readJsonFile<Verdict>(join(path, 'verdict.json'), 'verdict');
  return {
    record,
    outcome: {
      directory: shown(path),
      verdict,
      summary: record.summary,
      stateDigest: stateDigest ?? '',
      reportPath: shown(join(path, 'report.html')),
      claims: await judgeClaims(record.scenario.claims, [record]),
    },
  };
}

/** The folder holds a run that did all its rounds and was judged. */
export function isFinished(path: string): boolean {
  return (manifestOf(path)?.finishedAt ?? null) !== null;
}

function manifestOf(path: string): Manifest | null {
  const file = join(path, 'manifest.json');
  return existsSync(file) ? readJsonFile<Manifest>(file, 'manifest') : null;
}

/** A process that was killed before it had written its manifest had done nothing yet. */
function clearBegun(path: string): void {
  if (!existsSync(path)) return;
  const begun = (name: string) => name === 'scenario.json' || name === 'lock' || name.endsWith(PARTIAL);
  if (!readdirSync(path).every(begun)) return;
  const lock = RunLock.take(path);
  for (const name of readdirSync(path)) if (name !== 'lock') rmSync(join(path, name), { force: true });
  lock.release();
}
