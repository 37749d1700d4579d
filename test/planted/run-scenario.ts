import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import { matches } from '../../protocol/scenario/groups.js';
import { isSweep } from '../../protocol/scenario/input.js';
import { judge } from '../../protocol/scenario/judge.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { JsonObject, Scenario } from '../../protocol/scenario/scenario.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { loadCatalogue, loadExpectations } from '../../scenarios/run/catalogue.js';
import { loadScenario } from '../../scenarios/run/load.js';
import { recordedRuns } from '../../scenarios/run/recorded.js';
import { runScenario } from '../../scenarios/run/runtime.js';

/**
 * `node run-scenario.js NAME POINTS`: runs a shipped scenario, or those points of a sweep that have any of the values in POINTS (JSON),
 * and prints one finding a line of everything expected of them, as JSON.
 */
const [name, wanted = 'null'] = process.argv.slice(2);
const chosen = JSON.parse(wanted) as readonly JsonObject[] | null;
const input = await loadScenario(name!);
const [catalogue, expectations] = await Promise.all([loadCatalogue(), loadExpectations()]);
const find = (family: string) => expectations.get(family);
const sweep = isSweep(input) ? await resolveSweep(input, catalogue) : null;
const points: readonly Scenario[] = sweep
  ? sweep.points.map(({ scenario }) => scenario)
  : [await resolveScenario(input as never, catalogue)];
const folder = mkdtempSync(join(tmpdir(), 'gradswarm-planted-'));
const records: RunRecord[] = [];
try {
  for (const [index, scenario] of points.entries()) {
    if (chosen && !chosen.some((values) => matches({ scenario } as RunRecord, values))) continue;
    const directory = join(folder, String(index));
    const options = { directory, listen: null, signal: new AbortController().signal };
    await runScenario({ ...scenario, workers: { ...scenario.workers, count: 0 } }, options);
    const point = sweep?.points[index]?.values;
    records.push({ ...recordedRuns(directory)[0]!, ...(point ? { point } : {}) });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const overall = sweep ? judge(records, sweep.expect, find).expectations : [];
const each = records.flatMap((record) => judge([record], record.scenario.expect, find).expectations);
for (const { holds, detail } of [...overall, ...each]) process.stdout.write(`${JSON.stringify({ holds, detail })}\n`);
