import { GradswarmError } from '../../protocol/errors.js';

/** A round that is nearly done when the user stops the run is finished; otherwise its halves are stopped. */
const STOP_GRACE_MS = 300;

/** Calls `stop` some time after the user's signal, unless the returned function was called before. */
export function whenStopped(signal: AbortSignal, stop: (error: GradswarmError) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => stop(new GradswarmError('ERR_STOPPED', 'the user stopped the run')), STOP_GRACE_MS);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
}

export function isStop(error: unknown): boolean {
  return error instanceof GradswarmError && error.code === 'ERR_STOPPED';
}
