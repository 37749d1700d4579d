import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { expectBytes, floatsAt, malformed, newBody, notFinite, resultOf } from './bits/body.js';
import { defineSignCodec, packSigns, signsEndClean, spreadSigns } from './bits/sign-bits.js';
import type { BodyRoom } from './codec.js';

/**
 * 1-bit SGD (Seide et al., Interspeech 2014; reconstructed, not checked against the paper): entries with a sign bit become the mean of those entries, the
 * others the mean of the others. The best two values for this split, so never worse than scaled-sign: error |x|^2 - n_-
 * mean_-^2 - n_+ mean_+^2. Body: float32 means (without sign bit, with sign bit), then the sign bits; d + 64 bits. A mean of
 * no entries is 0. An entry of 0 becomes the mean of the entries without sign bit, one of -0 that of the others.
 */
const NAME = 'one-bit';

/** Bits set in each byte value. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});

function encode(value: ReadonlyVector, _rng: Rng, room: BodyRoom = newBody): Uint8Array {
  const { length } = value;
  const body = room(8 + Math.ceil(length / 8));
  packSigns(value, body, 8);
  let belowCount = 0;
  for (let at = 8; at < body.length; at++) belowCount += ONES[body[at]!]!;
  // x + |x| is 2 x or 0 and x - |x| is 0 or 2 x, exactly: no branch that guesses a random sign.
  let above = 0;
  let below = 0;
  for (let i = 0; i < length; i++) {
    const x = value[i]!;
    const magnitude = Math.abs(x);
    above += x + magnitude;
    below += x - magnitude;
  }
  const means = new Float32Array(body.buffer, 0, 2);
  means[0] = belowCount < length ? above / 2 / (length - belowCount) : 0;
  means[1] = belowCount > 0 ? below / 2 / belowCount : 0;
  if (!Number.isFinite(means[0]!) || !Number.isFinite(means[1]!)) notFinite(NAME, 'a mean is not a finite float32');
  return body;
}

function decode(body: Uint8Array, length: number, precision: Precision, into?: Vector): Vector {
  expectBytes(NAME, body, 8 + Math.ceil(length / 8));
  const means = floatsAt(body, 0, 8);
  const above = means[0]!;
  const below = means[1]!;
  if (!Number.isFinite(above) || !Number.isFinite(below)) notFinite(NAME, 'a mean on the wire is not finite');
  if (above < 0 || below > 0) malformed(NAME, `means ${above} and ${below} have the wrong signs`);
  if (!signsEndClean(body, 8, length)) malformed(NAME, 'bits after the last sign are not zero');
  const result = resultOf(length, precision, into);
  spreadSigns(body, 8, above, below, result);
  return result;
}

export default defineSignCodec(NAME, 'The sign of each entry times one mean of each side', 8, { encode, decode });
