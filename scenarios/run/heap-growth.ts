import { setFlagsFromString } from 'node:v8';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { mainThread } from './main-thread.js';

/** Below, a heap is small whatever the engine leaves in it. */
const MANY_CLIENTS = 100_000;

/**
 * The engine collects the heap of a run of many clients when it has doubled: by itself it waits until it is up to four times as large. For all of
 * this process, so only where it is the program's own: a program that calls `run` chooses for itself.
 * `setFlags`: for tests.
 */
export function limitHeapGrowth(
  { clients }: Pick<Scenario, 'clients'>,
  isOwnProcess = mainThread() !== null,
  setFlags = setFlagsFromString,
): void {
  if (isOwnProcess && clients >= MANY_CLIENTS) setFlags('--heap-growing-percent=100');
}
