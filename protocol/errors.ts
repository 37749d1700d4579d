/** Every error of the program: stable code, whether the operation certainly did not take place, and what it means. */
export const ERROR_CODES = {
  ERR_SCENARIO: { definite: true, meaning: 'the scenario has a key or value that is not allowed' },
  ERR_USAGE: { definite: true, meaning: 'the command line is not understood' },
  ERR_CODEC_REFUSED: { definite: true, meaning: 'the method does not allow this codec or memory on this kind' },
  ERR_DATA_MISSING: { definite: true, meaning: 'a data set is not installed or not at the given path' },
  ERR_DATA_FORMAT: { definite: true, meaning: 'a data file does not follow its format' },
  ERR_PARTITION: { definite: true, meaning: 'the data cannot be split by these settings' },
  ERR_DEVICE: { definite: true, meaning: 'the requested compute device cannot be used' },
  ERR_OBJECTIVE: { definite: true, meaning: 'the objective does not fit the data or lacks what the method needs' },
  ERR_PRIVACY: { definite: true, meaning: 'the privacy accounting would be wrong or is not supported' },
  ERR_PAYLOAD: { definite: true, meaning: 'a half posted something its kind does not declare' },
  ERR_FRAME_MALFORMED: { definite: true, meaning: 'bytes that are not a frame of this protocol version' },
  ERR_FRAME_LENGTH: { definite: true, meaning: 'a length in a frame does not agree with the model or the limits' },
  ERR_FRAME_CHECKSUM: { definite: true, meaning: 'a frame was corrupted in transit' },
  ERR_CODEC_MALFORMED: { definite: true, meaning: 'bytes that this codec cannot have produced' },
  ERR_CODEC_NOT_FINITE: { definite: true, meaning: 'a number on the wire is NaN or infinite' },
  ERR_PROTOCOL: { definite: true, meaning: 'a peer broke the control protocol' },
  ERR_DEADLOCK: { definite: true, meaning: 'every party waits for a message of another one' },
  ERR_STALLED: {
    definite: false,
    meaning: 'there was no progress for longer than the stall limit, or in very many tasks',
  },
  ERR_WORKER_LOST: { definite: false, meaning: 'a worker process ended or became unreachable' },
  ERR_WORKERS_MISSING: { definite: true, meaning: 'not enough workers joined in time' },
  ERR_QUORUM: { definite: true, meaning: 'fewer clients answered than the scenario demands' },
  ERR_HALF_FAILED: { definite: true, meaning: 'a half of the method threw' },
  ERR_MODULE: { definite: true, meaning: 'a fault, attack or selection gave what its kind does not allow' },
  ERR_NOT_FINITE: { definite: true, meaning: 'a state holds NaN or an infinity' },
  ERR_STATE: { definite: true, meaning: 'a state is not plain data' },
  ERR_CHECKPOINT: { definite: true, meaning: 'a checkpoint is missing, damaged or from another run' },
  ERR_REPLAY: { definite: true, meaning: 'the delivery log does not belong to this scenario' },
  ERR_DOCKER: { definite: true, meaning: 'the docker client is missing, or refused a command' },
  ERR_STOPPED: { definite: true, meaning: 'the run was stopped by the user' },
  ERR_BUDGET: { definite: true, meaning: 'the release would exceed the privacy budget' },
  ERR_OVERSPENT: { definite: false, meaning: 'what was released, or may have been, is more than a limit of epsilon' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a stable code. The message has the party, the round, what was expected, what was received, and what to do. */
export class GradswarmError extends Error {
  override readonly name = 'GradswarmError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(`${code}: ${message}`, options);
  }
  /** Did the operation certainly not happen? */
  get definite(): boolean {
    return ERROR_CODES[this.code].definite;
  }
}

/**
 * A message in order as a frame, with content that no half of the method sends. Thrown by a coordinator's half, it costs the worker
 * of the sender its seat, and the round is done again without that worker.
 */
export class MessageRefused extends GradswarmError {
  constructor(
    readonly from: 'coordinator' | number,
    kind: string,
    expected: string,
  ) {
    const sender = from === 'coordinator' ? from : `client ${from}`;
    super('ERR_PROTOCOL', `message '${kind}' of ${sender}, rejected: expected ${expected}`);
  }
}

/**
 * Of two errors of one attempt, the one to report: halves that were stopped, or wait for what never comes, follow from an error elsewhere.
 * `known`: null, or what was reported before.
 */
export function causeOf(known: unknown, next: unknown): unknown {
  return known === null || rankOf(next) > rankOf(known) ? next : known;
}

function rankOf(error: unknown): number {
  if (!(error instanceof GradswarmError)) return 2;
  return error.code === 'ERR_STOPPED' ? 0 : error.code === 'ERR_DEADLOCK' ? 1 : 2;
}
