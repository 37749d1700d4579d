import { isVisible } from '../../coordinator/run-directory/lock-holder.js';
import { writerOf } from '../../coordinator/run-directory/run-lock.js';
import { GradswarmError } from '../../protocol/errors.js';
import { overviewOf } from './overview.js';

const LOOK_MS = 100;

/**
 * Asks the process that writes to the folder of a run, or of a sweep's points, to stop: it finishes what it is at, writes a checkpoint
 * and a report, and ends. Resolves when it has let go of the folder. Throws ERR_USAGE when no process writes there, or one of another
 * machine or container, or when it still writes after `waitMs`.
 */
export async function stopRun(folder: string, waitMs: number): Promise<{ readonly pid: number }> {
  const writer = overviewOf(folder)
    .runs.map(writerOf)
    .find((one) => one !== null);
  if (!writer)
    throw new GradswarmError(
      'ERR_USAGE',
      `${folder}: expected a run that is under way, got one that no process writes`,
    );
  const { pid, host } = writer;
  if (!isVisible(writer))
    throw new GradswarmError(
      'ERR_USAGE',
      `${folder}: expected a run of this machine, got one of process ${pid} on ${host}; stop it there`,
    );
  process.kill(pid, 'SIGTERM');
  const until = performance.now() + waitMs;
  while (overviewOf(folder).runs.some((run) => writerOf(run)?.pid === pid)) {
    if (performance.now() > until)
      throw new GradswarmError(
        'ERR_USAGE',
        `${folder}: process ${pid} was asked to stop and has not yet; ask again later`,
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return { pid };
}
