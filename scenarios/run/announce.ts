import type { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Problem } from '../../worker/problem.js';
import type { Fleet } from './fleet.js';
import type { RunWatcher } from './run.js';

/** Records and prints where the run computes. `fromRound`: of the checkpoint that it continues from; null: a new run. */
export function announce(
  directory: RunDirectory,
  scenario: Scenario,
  problem: Problem,
  fleet: Fleet,
  fromRound: number | null,
  watcher: RunWatcher | undefined,
): void {
  const at = { t: 0, wallMs: 0, round: fromRound ?? 0 };
  const { device } = problem.family;
  const noChoice = `objective '${scenario.objective.name}' has no device that auto could choose`;
  const why = device?.why ?? (scenario.device === 'auto' ? [noChoice] : []);
  for (const line of why) watcher?.note(line);
  const idle = scenario.workers.count - scenario.clients;
  if (idle > 0)
    watcher?.note(
      `${scenario.workers.count} workers for ${scenario.clients} clients: ${idle} of them ${idle === 1 ? 'has' : 'have'} nothing to do`,
    );
  directory.updateManifest({
    seed: scenario.seed,
    precision: scenario.precision,
    transport: fleet.transport,
    devices: [
      {
        backend: device?.name ?? 'plain loops',
        // Of a run that is continued, whose device is asked for by name: why it was chosen.
        device:
          directory.manifest.devices?.[0]?.device ?? (device ? why : ['JavaScript typed arrays', ...why]).join('; '),
        selfCheck: {
          passed: device?.deterministic ?? true,
          detail: device ? 'one gradient computed twice' : 'bits depend on nothing but IEEE 754',
        },
      },
    ],
  });
  if (fromRound !== null) directory.event({ ...at, event: 'resumed', fields: { fromRound } });
  else
    directory.event({
      ...at,
      event: 'run-started',
      fields: { clients: scenario.clients, rounds: scenario.rounds, transport: fleet.transport },
    });
}
