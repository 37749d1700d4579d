import { GradswarmError } from '../../protocol/errors.js';
import type { ClientIndex } from '../../protocol/method.js';

/** A process that hosted some of the round's clients is gone: the attempt cannot be finished. */
export class WorkersLost extends GradswarmError {
  constructor(
    readonly clients: readonly ClientIndex[],
    message: string,
  ) {
    super('ERR_WORKER_LOST', message);
  }
}
