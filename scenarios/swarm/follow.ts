import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import { GradswarmError } from '../../protocol/errors.js';
import type * as control from '../../protocol/wire/control-messages.js';
import type { CoordinatorAddress } from '../remote-run/coordinator-address.js';
import { observeRun } from '../remote-run/observe-run.js';
import type { RunWatcher } from '../run/run.js';
import { coordinatorAddress, type Deployment, tasksOf } from './deployment.js';
import type { Docker } from './docker.js';

/** Between two looks at what docker says of its containers. */
const LOOK_MS = 3000;

/** A coordinator that ends so often before anybody reached it will not come. */
const MOST_FAILURES = 4;

/**
 * Shows the progress of a deployed run, across restarts of all its parts, until it is over; the address of its coordinator then. Null when
 * the signal was aborted before. Throws ERR_DOCKER when the coordinator does not come up.
 */
export async function followDeployment(
  docker: Docker,
  deployment: Deployment,
  token: string,
  watcher: RunWatcher,
  signal: AbortSignal,
): Promise<CoordinatorAddress | null> {
  const failures = new FailureNotes(docker, deployment.name, watcher);
  let reached = false;
  watcher.start(deployment.name, deployment.rounds, deployment.name);
  while (!signal.aborted) {
    const address = await placed(docker, deployment, token);
    if (address) {
      const over = await observed(address, deployment, watcher, signal, () => {
        reached = true;
      });
      if (over) return address;
    }
    const ended = await failures.look();
    if (!reached && ended >= MOST_FAILURES)
      throw new GradswarmError(
        'ERR_DOCKER',
        `${deployment.name}: the coordinator ended ${ended} times before it could be reached; see 'gradswarm swarm logs ${deployment.name}'`,
      );
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
  return null;
}

async function placed(docker: Docker, deployment: Deployment, token: string): Promise<CoordinatorAddress | null> {
  try {
    return await coordinatorAddress(docker, deployment, token);
  } catch (error) {
    if (error instanceof GradswarmError && error.code === 'ERR_DOCKER') return null;
    throw error;
  }
}

async function observed(
  address: CoordinatorAddress,
  deployment: Deployment,
  watcher: RunWatcher,
  signal: AbortSignal,
  reached: () => void,
): Promise<control.Over | null> {
  const seats = new SeatNotes(deployment.workers, watcher);
  try {
    return await observeRun(
      address,
      {
        progress: (message) => {
          reached();
          watcher.round(rowOf(message));
        },
        seats: (message) => {
          reached();
          seats.take(message);
        },
      },
      // Short: a coordinator that is started again may be on another node.
      { signal, retryForMs: LOOK_MS },
    );
  } catch (error) {
    if (error instanceof GradswarmError && error.code === 'ERR_WORKER_LOST') return null;
    throw error;
  }
}

/** As far as the display needs it. */
function rowOf({ round, loss, accuracy, bytes, wallMs }: control.Progress): MetricsRow {
  return { round, loss, accuracy, bytesUp: bytes, bytesDown: 0, bytesPeer: 0, simulatedMs: 0, wallMs, extra: {} };
}

/** Says when seats are lost or taken again. */
class SeatNotes {
  private text = '';

  constructor(
    private readonly workers: number,
    private readonly watcher: RunWatcher,
  ) {}

  take({ phase, seats, spares }: control.Seats): void {
    const held = seats.filter(({ state }) => state !== 'open').length;
    const text =
      phase === 'gathering'
        ? `${held} of ${this.workers} workers are here`
        : spares.length > 0
          ? `${spares.length} spare workers`
          : '';
    if (text !== '' && text !== this.text) this.watcher.note(text);
    this.text = text;
  }
}

/** Says once of each container that it failed, and counts those of the coordinator. */
class FailureNotes {
  private readonly seen = new Set<string>();
  private ended = 0;

  constructor(
    private readonly docker: Docker,
    private readonly name: string,
    private readonly watcher: RunWatcher,
  ) {}

  async look(): Promise<number> {
    for (const service of ['coordinator', 'worker'] as const)
      for (const { ID, Name, Node, CurrentState, Error: error } of await tasksOf(this.docker, this.name, service)) {
        const waits = CurrentState.startsWith('Pending') && error !== '';
        if (this.seen.has(ID) || !(waits || /^(Failed|Rejected)/.test(CurrentState))) continue;
        this.seen.add(ID);
        if (service === 'coordinator' && !waits) this.ended++;
        this.watcher.note(`${Name}${Node ? ` on ${Node}` : ''}: ${error || CurrentState}`);
      }
    return this.ended;
  }
}
