import { GradswarmError } from '../../../errors.js';

/**
 * Refuses a run in which no client has an example: of `clientCount` clients `received` reported how many they have, `total` together.
 * Throws ERR_QUORUM where none did, ERR_OBJECTIVE where all shards are empty.
 */
export function requireExamples(received: number, clientCount: number, total: number): void {
  if (received === 0)
    throw new GradswarmError(
      'ERR_QUORUM',
      `expected how many examples at least one of ${clientCount} clients has, got nothing: all were absent or late`,
    );
  if (total === 0)
    throw new GradswarmError('ERR_OBJECTIVE', 'expected a client with examples, got none; see the partition');
}
