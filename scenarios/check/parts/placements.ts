import { createNetwork } from '../../../protocol/links/network.js';
import type { AnyMethod } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import type { Network } from '../../../protocol/party/dispatch.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import type { Problem } from '../../../worker/problem.js';
import type { Fleet } from '../../run/fleet.js';
import { localFleet } from '../../run/local-fleet.js';
import { remoteFleet } from '../../run/remote-fleet.js';
import { SocketWorkers } from './socket-workers.js';

/** One way to place the parties of a run and to carry their frames. All must give the same bits. */
export interface Placement {
  readonly name: string;
  /** In this process: can run methods that are in no folder, and be tampered with. Others load the method by its name. */
  readonly inProcess: boolean;
  open(scenario: Scenario, method: AnyMethod, problem: Problem): Promise<Fleet>;
}

/** `shuffleSeed`: delivers waiting frames in an order drawn from it; null: at once and in order. */
export function localPlacement(
  name: string,
  mode: 'fast' | 'checking',
  shuffleSeed: number | null = null,
  network: Network | null = null,
): Placement {
  return {
    name,
    inProcess: true,
    open(scenario, method, problem) {
      let shuffle: ((count: number) => number) | null = null;
      if (shuffleSeed !== null) {
        const stream = rootStream(shuffleSeed, 'float64').derive('shuffle');
        shuffle = (count) => stream.below(count);
      }
      const networkModel = createNetwork(scenario);
      return localFleet(
        scenario,
        method,
        problem,
        { mode, shuffle },
        network ? { ...networkModel, network } : networkModel,
      );
    },
  };
}

/** What the others are compared with. */
export const inOneProcess = localPlacement('one process, fast', 'fast');

/** Real websockets to workers in this process; without `peerSockets` frames between clients go through the coordinator. */
export function socketPlacement(name: string, workers: number, peerSockets = true): Placement {
  return {
    name,
    inProcess: false,
    async open(scenario, method, problem) {
      const launcher = new SocketWorkers(peerSockets);
      const waiting = new AbortController();
      const fleet = remoteFleet(
        { ...scenario, workers: { ...scenario.workers, count: workers } },
        method,
        problem,
        {
          listen: null,
          signal: waiting.signal,
          epoch: 1,
          fromRound: 0,
          note: () => {},
          session: () => {},
        },
        launcher,
      );
      try {
        // A worker that is refused, since its data or graph is another one, will not join later.
        return await Promise.race([fleet, launcher.failed]);
      } catch (error) {
        waiting.abort();
        await launcher.stop();
        await fleet.then(
          (open) => open.close(),
          () => {},
        );
        throw error;
      }
    },
  };
}

/** Every other placement that the contract suite compares. */
export const placements: readonly Placement[] = [
  localPlacement('one process, checking', 'checking'),
  ...[1, 2, 3].map((seed) => localPlacement(`one process, fast, shuffled delivery (seed ${seed})`, 'fast', seed)),
  localPlacement('one process, checking, shuffled delivery (seed 4)', 'checking', 4),
  socketPlacement('sockets, one client a worker', 6),
  socketPlacement('sockets, clients packed into 2 workers', 2),
  socketPlacement('sockets, 3 workers, peers through the coordinator', 3, false),
];
