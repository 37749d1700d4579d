import { GradswarmError } from '../../protocol/errors.js';

/** System codes of a failed write, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota of the disk is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'it must not be written',
  EPERM: 'it must not be written',
  EIO: 'the disk failed',
};

export function isDiskError(error: unknown): boolean {
  return error instanceof Error && ((error as NodeJS.ErrnoException).code ?? '') in REASONS;
}

/** How far a run had come: nothing was done, rounds were, or all but its report was written. */
export type Progress = 'begun' | 'running' | 'judged';

const WAYS: Readonly<Record<Progress, (directory: string) => string>> = {
  begun: () => 'nothing was computed yet: start it again after repairing it',
  running: (directory) =>
    `after repairing it, run 'gradswarm resume ${directory}' to continue from the last checkpoint`,
  judged: (directory) =>
    `the run is done and judged, verdict.json has it; 'gradswarm report ${directory}' draws its report after repairing it`,
};

/** A full disk in one sentence, and the way on; other errors as they are. */
export function explainedDiskError(error: unknown, directory: string, progress: Progress): unknown {
  if (!isDiskError(error)) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const what = `${path ?? directory}: ${REASONS[code!]}`;
  return new GradswarmError('ERR_STOPPED', `${what}; ${WAYS[progress](directory)}`, { cause: error });
}
