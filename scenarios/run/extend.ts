import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { GradswarmError } from '../../protocol/errors.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Json, Scenario } from '../../protocol/scenario/scenario.js';
import { schedules } from '../../protocol/schedules/schedule.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';
import { loadUsed } from '../plug-ins/use.js';
import { loadCatalogue } from './catalogue.js';
import { recordedScenario } from './recorded.js';
import { checkSameRead, whatIsRead } from './what-is-read.js';

/**
 * Gives the run in a folder more rounds, so that to resume it is to have run so many from the beginning, in bits. Throws
 * ERR_CHECKPOINT where the method would not have done the same then (noise calibrated to the number of rounds, a schedule over all
 * of them), or where the run ended before its last round.
 */
export async function extendRun(path: string, rounds: number): Promise<void> {
  const manifest = readJsonFile<Manifest>(`${path}/manifest.json`, 'manifest');
  const recorded = recordedScenario(path);
  if (rounds === recorded.rounds && manifest.finishedAt === null) return;
  const refuse = (reason: string): never => {
    throw new GradswarmError('ERR_CHECKPOINT', `${path}: --rounds ${rounds}: ${reason}`);
  };
  if (rounds <= recorded.rounds) refuse(`expected more than the ${recorded.rounds} rounds of the run`);
  if (manifest.finishedAt !== null && manifest.roundsDone !== recorded.rounds)
    refuse(
      `expected a run that did all its rounds, got one that ended after ${manifest.roundsDone} of ${recorded.rounds}, and would again`,
    );
  await loadUsed(recorded.use);
  const scenario = await extended(recorded, rounds).catch((error: Error) =>
    refuse(`the run cannot continue as one of ${rounds} rounds: ${error.message.replace(/^ERR_[A-Z_]+: /, '')}`),
  );
  for (const [at, steps] of schedulesIn(scenario.method, 'method'))
    if (steps === recorded.rounds)
      refuse(
        `${at}: expected no schedule over all ${recorded.rounds} rounds, since a run of ${rounds} would have had another one from ` +
          "its first round; start a new run whose 'initial' is this run's model",
      );
  checkSameRead(await whatIsRead(scenario), manifest.read, 'ERR_CHECKPOINT', path);
  RunDirectory.open(path).extend(scenario);
}

/** Methods check their settings against the number of rounds here. What is expected was written for the former number. */
async function extended(recorded: Scenario, rounds: number): Promise<Scenario> {
  const changed = [...new Set([...(recorded.changed ?? []), 'rounds'])];
  return resolveScenario({ ...recorded, rounds, changed }, await loadCatalogue());
}

/** Every schedule in the settings that takes a number of steps, with the steps of what follows it added. */
function* schedulesIn(value: Json, at: string): Generator<readonly [at: string, steps: number]> {
  if (Array.isArray(value))
    for (const [index, one] of (value as Json[]).entries()) yield* schedulesIn(one, `${at}.${index}`);
  if (!isPlainObject(value)) return;
  const steps = stepsOf(value);
  if (steps !== null) yield [at, steps];
  else for (const [key, one] of Object.entries(value)) yield* schedulesIn(one as Json, `${at}.${key}`);
}

function stepsOf(value: unknown): number | null {
  if (!isPlainObject(value) || typeof value.name !== 'string' || !schedules.find(value.name)) return null;
  const own = typeof value.steps === 'number' ? value.steps : null;
  const after = stepsOf(value.after);
  return own === null ? after : own + (after ?? 0);
}
