import { GradswarmError } from '../../protocol/errors.js';
import type { ClientIndex } from '../../protocol/method.js';

/** A process that hosted some of the round's clients was lost: the attempt cannot be finished. */
export class WorkersLost extends GradswarmError {
  constructor(
    readonly clients: readonly ClientIndex[],
    message: string,
  ) {
    super('ERR_WORKER_LOST', message);
  }
}

/** A worker was lost, and the run goes back to its last checkpoint. */
export class EpochAbandoned extends GradswarmError {
  constructor(
    readonly epoch: number,
    readonly why: string,
  ) {
    super('ERR_WORKER_LOST', why);
  }
}
