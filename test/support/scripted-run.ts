import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { writeRunReport } from '../../scenarios/report/run-report.js';
import { loadCatalogue } from '../../scenarios/run/catalogue.js';
import { runSession } from '../../scenarios/run/session.js';
import type { SessionOptions, SessionResult } from '../../scenarios/run/session-options.js';

const folders: string[] = [];
process.once('exit', () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** A folder that is removed when the test process ends. */
export function temporaryFolder(root = tmpdir()): string {
  const path = mkdtempSync(join(root, 'gradswarm-test-'));
  folders.push(path);
  return path;
}

export async function resolved(input: ScenarioInput): Promise<Scenario> {
  return resolveScenario(input, await loadCatalogue());
}

export interface ScriptedRun extends SessionResult {
  readonly path: string;
}

/** With the report, whose plots take longer than most runs of tests. */
export const WITH_REPORT = { drawReport: writeRunReport };

/** Runs a scenario as the command does, in a temporary folder; without a report unless that is asked for. */
export async function runInput(input: ScenarioInput, options: Partial<SessionOptions> = {}): Promise<ScriptedRun> {
  const scenario = await resolved(input);
  const directory = RunDirectory.create({ root: temporaryFolder(), scenarioName: scenario.name, scenario });
  const result = await runSession(scenario, directory, {
    listen: null,
    signal: new AbortController().signal,
    drawReport: async () => '',
    ...options,
  });
  return { ...result, path: directory.path };
}
