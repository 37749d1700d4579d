/**
 * Shamir's secret sharing of 256-bit secrets over GF(2^8), byte by byte, by the audited package `shamir-secret-sharing`.
 * Any `threshold` shares give the secret back; fewer are independent of it. The package draws from the platform's
 * cryptographic generator, not from the run's keyed streams: masks and shares cancel, so no bit of a run depends on them.
 */

import { combine, split } from 'shamir-secret-sharing';
import { GradswarmError } from '../../errors.js';

export const SECRET_BYTES = 32;
/** One byte for each of the secret's, then the point at which they were evaluated, 1 to 255. */
export const SHARE_BYTES = SECRET_BYTES + 1;
/** Points of GF(2^8) other than 0, where the secret is. */
export const MOST_SHARES = 255;

function refuse(reason: string): never {
  throw new GradswarmError('ERR_PRIVACY', `secret sharing: ${reason}`);
}

/** `count` shares, each at a point of its own. ERR_PRIVACY unless 2 <= threshold <= count <= 255 and the secret has 32 bytes. */
export async function splitSecret(
  secret: Uint8Array,
  threshold: number,
  count: number,
): Promise<readonly Uint8Array[]> {
  if (secret.length !== SECRET_BYTES) refuse(`expected a secret of ${SECRET_BYTES} bytes, got ${secret.length}`);
  if (!(Number.isSafeInteger(count) && count >= 2 && count <= MOST_SHARES))
    refuse(`expected 2 to ${MOST_SHARES} clients, got ${count}`);
  if (!(Number.isSafeInteger(threshold) && threshold >= 2 && threshold <= count))
    refuse(`expected a threshold between 2 and the ${count} shares, got ${threshold}`);
  return split(secret, count, threshold);
}

/** The secret from at least `threshold` shares of one split. ERR_PRIVACY when too few, malformed, or two have the same point. */
export async function combineShares(shares: readonly Uint8Array[], threshold: number): Promise<Uint8Array> {
  if (shares.length < threshold) refuse(`expected at least ${threshold} shares, got ${shares.length}`);
  for (const { length } of shares)
    if (length !== SHARE_BYTES) refuse(`expected shares of ${SHARE_BYTES} bytes, got ${length}`);
  const points = new Set(shares.map((share) => share[SECRET_BYTES]));
  if (points.has(0) || points.size < shares.length) refuse('expected shares at different points, none of them 0');
  return combine([...shares]);
}
