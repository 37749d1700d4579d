import type { ListenOptions } from '../../coordinator/members/host-options.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { SocketWorkers } from '../../scenarios/check/parts/socket-workers.js';
import { type RemoteFleet, remoteFleet } from '../../scenarios/run/remote-fleet.js';
import type { SessionOptions } from '../../scenarios/run/session-options.js';
import type { WorkerLauncher } from '../../scenarios/run/worker-launcher.js';
import { runInput, type ScriptedRun } from './scripted-run.js';

interface Hooks {
  /** Before the workers are started. */
  before?(url: string, token: string): Promise<void>;
  /** Once this round is done, during the run. */
  during?: { readonly round: number; act(fleet: RemoteFleet): Promise<void> };
  /** Before the fleet is closed. */
  after?(fleet: RemoteFleet): Promise<void>;
  readonly workers?: WorkerLauncher;
}

/** A run over websockets to workers in this process, with something done to it on its way, which was over at round `actedUntil`. */
export async function socketRun(
  input: ScenarioInput,
  count: number,
  { before, during, after, workers = new SocketWorkers() }: Hooks = {},
  listen: ListenOptions | null = null,
): Promise<ScriptedRun & { readonly actedUntil: number }> {
  let round = 0;
  let actedUntil = 0;
  let opened: RemoteFleet | null = null;
  let acted: Promise<void> | null = null;
  const launcher: WorkerLauncher = {
    start: (...args) => {
      void (before?.(args[1], args[3]) ?? Promise.resolve()).then(() => workers.start(...args));
    },
    stop: () => workers.stop(),
  };
  const fleet: NonNullable<SessionOptions['fleet']> = async (scenario, method, problem, options) => {
    const remote = await remoteFleet(scenario, method, problem, { ...options, listen }, launcher);
    opened = remote;
    const close: typeof remote.close = async (ending) => {
      await after?.(remote);
      await remote.close(ending);
    };
    return { ...remote, close };
  };
  const run = await runInput(
    { ...input, workers: { ...input.workers, count } },
    {
      fleet,
      watcher: {
        start: () => {},
        note: () => {},
        round: (row) => {
          round = row.round;
          if (!during || !opened || acted || round < during.round) return;
          acted = during.act(opened).then(() => {
            actedUntil = round;
          });
        },
      },
    },
  );
  await acted;
  return { ...run, actedUntil };
}
