import type { WorkerOptions } from './run.js';
/** Hosts clients for the coordinator at `url` until it says that the run is over. */
export async function joinAsWorker(_url: string, _options: WorkerOptions): Promise<void> {}
