import { type ErrorCode, GradswarmError } from '../../protocol/errors.js';
import type { Holds } from '../../protocol/scenario/expectation.js';

/**
 * Exit status: 0 all expectations met, 1 an expectation not met, 2 inconclusive, 3 the scenario or the command was refused. Of a worker: 75
 * (EX_TEMPFAIL) no coordinator was there, try again.
 */
export const EXIT = { valid: 0, invalid: 1, unknown: 2, refused: 3, again: 75 } as const;

export function exitStatusOf(valid: Holds): number {
  if (valid === 'unknown') return EXIT.unknown;
  return valid ? EXIT.valid : EXIT.invalid;
}

/** Codes of errors found before anything runs. */
const REFUSALS: readonly ErrorCode[] = [
  'ERR_SCENARIO',
  'ERR_USAGE',
  'ERR_CODEC_REFUSED',
  'ERR_DATA_MISSING',
  'ERR_DATA_FORMAT',
  'ERR_PARTITION',
  'ERR_DEVICE',
  'ERR_OBJECTIVE',
  'ERR_PRIVACY',
  'ERR_CHECKPOINT',
  'ERR_REPLAY',
  'ERR_DOCKER',
];

/** A run that ended early is inconclusive. */
export function exitStatusOfError(error: unknown): number {
  if (error instanceof GradswarmError && REFUSALS.includes(error.code)) return EXIT.refused;
  return EXIT.unknown;
}
