/**
 * Shamir's secret sharing of 256-bit secrets: a random polynomial of degree threshold - 1 over a prime field, whose value
 * at 0 is the secret. Any `threshold` shares give it back; fewer say nothing. Source: Shamir, 1979.
 */

import { GradswarmError } from '../../errors.js';
import type { Secrets } from '../../method.js';

export const SECRET_BYTES = 32;
/** A share's value needs one bit more than a secret. */
export const SHARE_BYTES = 33;
/** The smallest prime above 2^256. */
export const FIELD_PRIME = 2n ** 256n + 297n;

/** The value of the polynomial at x, a whole number of at least 1 (a client's index plus 1). 33 bytes, big-endian. */
export interface SecretShare {
  readonly x: number;
  readonly y: Uint8Array;
}

function refuse(reason: string): never {
  throw new GradswarmError('ERR_PRIVACY', `secret sharing: ${reason}`);
}

function toInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function toBytes(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

function inField(value: bigint): bigint {
  const rest = value % FIELD_PRIME;
  return rest < 0n ? rest + FIELD_PRIME : rest;
}

function inverse(value: bigint): bigint {
  // Fermat: value^(p - 2).
  let result = 1n;
  let base = inField(value);
  for (let exponent = FIELD_PRIME - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % FIELD_PRIME;
    base = (base * base) % FIELD_PRIME;
  }
  return result;
}

/** One share for each of the distinct points. ERR_PRIVACY when threshold > points, or a point is not a whole number of at least 1. */
export async function splitSecret(
  secret: Uint8Array,
  threshold: number,
  points: readonly number[],
  secrets: Pick<Secrets, 'bytes'>,
): Promise<readonly SecretShare[]> {
  if (secret.length !== SECRET_BYTES) refuse(`expected a secret of ${SECRET_BYTES} bytes, got ${secret.length}`);
  if (!(Number.isSafeInteger(threshold) && threshold >= 1 && threshold <= points.length))
    refuse(`expected a threshold between 1 and the ${points.length} shares, got ${threshold}`);
  checkPoints(points);
  const coefficients = [toInteger(secret)];
  // 48 random bytes reduced to the field are uniform to 2^-128.
  while (coefficients.length < threshold) coefficients.push(inField(toInteger(await secrets.bytes(48))));
  return points.map((x) => {
    let y = 0n;
    for (let i = coefficients.length - 1; i >= 0; i--) y = inField(y * BigInt(x) + coefficients[i]!);
    return { x, y: toBytes(y, SHARE_BYTES) };
  });
}

function checkPoints(points: readonly number[]): void {
  for (const x of points) if (!(Number.isSafeInteger(x) && x >= 1)) refuse(`expected points of at least 1, got ${x}`);
  if (new Set(points).size !== points.length) refuse(`two shares have the same point among ${points.join(', ')}`);
}

/** The secret from at least `threshold` shares (more are ignored). ERR_PRIVACY when too few or when they do not belong together. */
export function combineShares(shares: readonly SecretShare[], threshold: number): Uint8Array {
  if (shares.length < threshold) refuse(`${threshold} shares are needed, got ${shares.length}`);
  const used = shares.slice(0, threshold);
  checkPoints(used.map(({ x }) => x));
  // Lagrange's interpolation at 0.
  let secret = 0n;
  for (const { x, y } of used) {
    let numerator = 1n;
    let denominator = 1n;
    for (const { x: other } of used) {
      if (other === x) continue;
      numerator = inField(numerator * BigInt(other));
      denominator = inField(denominator * BigInt(other - x));
    }
    secret = inField(secret + toInteger(y) * numerator * inverse(denominator));
  }
  if (secret >> 256n) refuse('the shares do not belong to one secret');
  return toBytes(secret, SECRET_BYTES);
}
