import type * as control from '../../protocol/wire/control-messages.js';
import type { CoordinatorAddress } from '../remote-run/coordinator-address.js';
import { observeRun } from '../remote-run/observe-run.js';
import type { Task } from './deployment.js';

/** The coordinator sends its seats every second. */
const WAIT_MS = 5000;

/** The seats of a running coordinator; 'over' once the run is; null when it does not answer. */
export async function seatsOf(address: CoordinatorAddress): Promise<control.Seats | 'over' | null> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), WAIT_MS);
  let seats: control.Seats | null = null;
  try {
    const over = await observeRun(
      address,
      {
        progress: () => {},
        seats: (message) => {
          seats = message;
          controller.abort();
        },
      },
      { signal: controller.signal, retryForMs: WAIT_MS },
    );
    return over ? 'over' : seats;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

export const STATUS_HEADINGS = ['TASK', 'NODE', 'CONTAINER', 'SEAT', 'STATE', 'CLIENTS', 'LAST SIGN'] as const;

/** One row per task that docker runs or is to run, with the seat that its worker holds. */
export function statusRows(
  tasks: readonly Task[],
  seats: control.Seats | 'over' | null,
): readonly (readonly string[])[] {
  return tasks
    .filter(({ DesiredState }) => DesiredState !== 'Shutdown' && DesiredState !== 'Remove')
    .map(({ Name, Node, CurrentState, Error: error }) => [
      Name,
      Node || '-',
      error ? `${CurrentState}: ${error}` : CurrentState,
      ...seatCells(Name, seats),
    ]);
}

/** Tasks are called STACK_worker.SLOT, the workers in them worker-SLOT. */
function seatCells(task: string, seats: control.Seats | 'over' | null): readonly string[] {
  const slot = /_worker\.(\d+)$/.exec(task)?.[1];
  if (slot === undefined || seats === null || seats === 'over') return ['', '', '', ''];
  const worker = `worker-${slot}`;
  const held = seats.seats.find(({ name, state }) => name === worker && state !== 'open');
  if (!held) return ['-', seats.spares.includes(worker) ? 'spare' : 'not joined', '', ''];
  const seconds = ((held.silentMs ?? 0) / 1000).toFixed(1);
  return [String(held.seat), held.state, String(held.clients), `${seconds} s ago`];
}
