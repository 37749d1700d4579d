import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import type { AnyMethod } from '../../protocol/method.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { loadRunMethod } from '../../protocol/selection/parts/run-method.js';
import { loadCatalogue } from '../run/catalogue.js';
import { type Claim, claim, ensure, ensureEqual, ensureSameBits, once } from './claim.js';
import { placements } from './parts/placements.js';
import { runTiny, type TinyRun } from './parts/tiny-run.js';

/** The small run that everything is tried in which is no method, with these parts of the scenario. */
export async function openSmallRun(
  input: Partial<ScenarioInput>,
): Promise<{ readonly scenario: Scenario; readonly method: AnyMethod }> {
  const scenario = await resolveScenario(
    {
      name: 'check',
      method: { name: 'sgd', batchSize: 4 },
      data: { name: 'gaussian-clusters', classes: 3, features: 5, examples: 60, testExamples: 20 },
      clients: 6,
      rounds: 6,
      seed: 11,
      checkpoints: { everyRounds: 3 },
      ...input,
    },
    await loadCatalogue(),
  );
  return { scenario, method: await loadRunMethod(scenario) };
}

/** The same, run in one process. */
export async function smallRun(input: Partial<ScenarioInput>): Promise<TinyRun> {
  const { scenario, method } = await openSmallRun(input);
  return runTiny(scenario, method);
}

/** A small run that uses the thing: accepted by the scenario's check, and with equal bits everywhere and after a resume. */
export function runClaims(input: Partial<ScenarioInput>): readonly Claim[] {
  const opened = once(() => openSmallRun(input));
  const reference = once(() => smallRun(input));
  return [
    claim('a scenario that names it is accepted, and runs', async () => {
      const { result } = await reference();
      ensureEqual(result.roundsDone, (await opened()).scenario.rounds, 'rounds done');
    }),
    ...placements.map((placement) =>
      claim(`a run has the same bits, bytes, times and figures in ${placement.name}`, async () => {
        const { scenario, method } = await opened();
        const { digest, result, rows } = await reference();
        const run = await runTiny(scenario, method, { placement });
        ensureSameBits(run.digest, digest);
        ensureEqual(run.result.bytes, result.bytes, 'bytes sent');
        ensureSameRows(run.rows, rows);
      }),
    ),
    claim('a run that is resumed half-way has the bits, times and figures of one in one go', async () => {
      const { scenario, method } = await opened();
      const { digest, snapshots, rows } = await reference();
      const [from] = snapshots;
      ensure(from !== undefined, 'expected a checkpoint, got none');
      const resumed = await runTiny(scenario, method, { from });
      ensureSameBits(resumed.digest, digest);
      ensureSameRows(resumed.rows, rows.slice(from.round));
    }),
  ];
}

function ensureSameRows(got: readonly MetricsRow[], expected: readonly MetricsRow[]): void {
  ensureEqual(got.length, expected.length, 'rounds with figures');
  for (const [i, row] of expected.entries())
    ensureEqual(
      reproducible(got[i]!),
      reproducible(row),
      `round ${row.round}, figures`,
      'what they are computed from is kept beside the state, or differs from call to call',
    );
}

/** Without the real time that codecs took. */
function reproducible({ extra, ...row }: MetricsRow): MetricsRow {
  return { ...row, extra: Object.fromEntries(Object.entries(extra).filter(([name]) => !/^(en|de)codeMs/.test(name))) };
}
