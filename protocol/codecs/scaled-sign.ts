import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { expectBytes, expectScale, floatsAt, malformed, newBody, notFinite, resultOf } from './bits/body.js';
import { defineSignCodec, packAndSum, signsEndClean, spreadSigns } from './bits/sign-bits.js';
import type { BodyRoom } from './codec.js';

/**
 * C(x) = (|x|_1 / d) sign(x), sign by the sign bit, so that 0 counts as positive and -0 as negative: d + 32 bits. Exactly |C(x) - x|^2 = |x|_2^2 - |x|_1^2 / d, so delta =
 * |x|_1^2 / (d |x|_2^2), between 1 / d and 1; 2 / pi on Gaussian data. (EF-signSGD: Karimireddy et al., ICML 2019; reconstructed, not checked against the paper.)
 * Body: float32 scale, then the sign bits.
 */
const NAME = 'scaled-sign';

/** Signs into the body; the sum of magnitudes in eight interleaved sums, as a vector unit keeps them. */
function packAndMeasure(value: ReadonlyVector, body: Uint8Array): number {
  const { length } = value;
  const sums = new Float64Array(8);
  const done = packAndSum(value, body, 4, sums);
  let [a, b, c, d, e, f, g, h] = sums as unknown as [number, number, number, number, number, number, number, number];
  const full = length - (length & 7);
  for (let i = done; i < full; i += 8) {
    a += Math.abs(value[i]!);
    b += Math.abs(value[i + 1]!);
    c += Math.abs(value[i + 2]!);
    d += Math.abs(value[i + 3]!);
    e += Math.abs(value[i + 4]!);
    f += Math.abs(value[i + 5]!);
    g += Math.abs(value[i + 6]!);
    h += Math.abs(value[i + 7]!);
  }
  let sum = a + b + (c + d) + (e + f + (g + h));
  for (let i = full; i < length; i++) sum += Math.abs(value[i]!);
  return sum;
}

function encode(value: ReadonlyVector, _rng: Rng, room: BodyRoom = newBody): Uint8Array {
  const { length } = value;
  const body = room(4 + Math.ceil(length / 8));
  const scale = new Float32Array(body.buffer, 0, 1);
  const sum = packAndMeasure(value, body);
  scale[0] = length > 0 ? sum / length : 0;
  if (!Number.isFinite(scale[0]!)) notFinite(NAME, 'the mean magnitude is not a finite float32');
  return body;
}

function decode(body: Uint8Array, length: number, precision: Precision, into?: Vector): Vector {
  expectBytes(NAME, body, 4 + Math.ceil(length / 8));
  const scale = expectScale(NAME, floatsAt(body, 0, 4)[0]!);
  if (!signsEndClean(body, 4, length)) malformed(NAME, 'bits after the last sign are not zero');
  const result = resultOf(length, precision, into);
  spreadSigns(body, 4, scale, -scale, result);
  return result;
}

export default defineSignCodec(NAME, 'The sign of each entry times the mean magnitude', 4, { encode, decode });
