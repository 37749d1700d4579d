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

/** A full disk in one sentence, and the way on; other errors as they are. `judged`: all but the report was written. */
export function explainedDiskError(error: unknown, directory: string, judged: boolean): unknown {
  if (!isDiskError(error)) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const what = `${path ?? directory}: ${REASONS[code!]}`;
  const way = judged
    ? `the run is done and judged, verdict.json has it; 'gradswarm report ${directory}' draws its report after repairing it`
    : `after repairing it, run 'gradswarm resume ${directory}' to continue from the last checkpoint`;
  return new GradswarmError('ERR_STOPPED', `${what}; ${way}`, { cause: error });
}
