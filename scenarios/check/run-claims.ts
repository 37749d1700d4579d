import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import { loadRunMethod } from '../../protocol/selection/parts/run-method.js';
import { loadCatalogue } from '../run/catalogue.js';
import { type Claim, claim, ensure, ensureEqual, ensureSameBits, once } from './claim.js';
import { placements } from './parts/placements.js';
import { runTiny } from './parts/tiny-run.js';

/** A small run that uses the thing: accepted by the scenario's check, and with equal bits everywhere and after a resume. */
export function runClaims(input: Partial<ScenarioInput>): readonly Claim[] {
  const opened = once(async () => {
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
  });
  const reference = once(async () => {
    const { scenario, method } = await opened();
    return runTiny(scenario, method);
  });
  return [
    claim('a scenario that names it is accepted, and runs', async () => {
      const { result } = await reference();
      ensureEqual(result.roundsDone, (await opened()).scenario.rounds, 'rounds done');
    }),
    ...placements.map((placement) =>
      claim(`a run has the same bits in ${placement.name}`, async () => {
        const { scenario, method } = await opened();
        const { digest, result } = await reference();
        const run = await runTiny(scenario, method, { placement });
        ensureSameBits(run.digest, digest);
        ensureEqual(run.result.bytes, result.bytes, 'bytes sent');
      }),
    ),
    claim('a run that is resumed half-way has the bits of one in one go', async () => {
      const { scenario, method } = await opened();
      const { digest, snapshots } = await reference();
      ensure(snapshots.length > 0, 'expected a checkpoint, got none');
      ensureSameBits((await runTiny(scenario, method, { from: snapshots[0]! })).digest, digest);
    }),
  ];
}
