import { type Codec, defineCodec, defineSettings, GradswarmError, zeros } from 'gradswarm/codec';

const view = new DataView(new ArrayBuffer(8));
/** Added to exponents, so that every code of a number is positive. */
const BIAS = 1100;
const TINY = 2 ** -1022;

/** Largest e with 2^e <= |x|, of any finite x but 0. */
function exponentOf(x: number): number {
  const lifted = Math.abs(x) < TINY;
  view.setFloat64(0, lifted ? x * 2 ** 60 : x);
  return ((view.getUint16(0) >> 4) & 0x7ff) - 1023 - (lifted ? 60 : 0);
}

const codec: Codec = {
  name: 'power-of-two',
  contract: 'contractive',
  encode(value) {
    const body = new DataView(new ArrayBuffer(2 * value.length));
    for (let i = 0; i < value.length; i++) {
      const x = value[i]!;
      if (!Number.isFinite(x)) throw new GradswarmError('ERR_CODEC_NOT_FINITE', `power-of-two: entry ${i} is ${x}`);
      const code = x === 0 ? 0 : BIAS + exponentOf(x);
      body.setInt16(2 * i, x < 0 ? -code : code, true);
    }
    return new Uint8Array(body.buffer);
  },
  decode(bytes, length, precision, into = zeros(length, precision)) {
    if (bytes.length !== 2 * length)
      throw new GradswarmError('ERR_CODEC_MALFORMED', `power-of-two: expected ${2 * length} bytes, got ${bytes.length}`);
    const body = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < length; i++) {
      const code = body.getInt16(2 * i, true);
      const exponent = Math.abs(code) - BIAS;
      if (code !== 0 && (exponent < -1074 || exponent > 1023))
        throw new GradswarmError('ERR_CODEC_MALFORMED', `power-of-two: entry ${i} has the code ${code}`);
      into[i] = code === 0 ? 0 : Math.sign(code) * 2 ** exponent;
    }
    return into;
  },
  encodedBytes: (length) => 2 * length,
};

/** Each number in two bytes, as its sign and the largest power of two below its magnitude: it is off by half of it at most. */
export default defineCodec({
  name: 'power-of-two',
  summary: 'Sign and the largest power of two below the magnitude, in two bytes',
  settings: defineSettings({}),
  create: () => codec,
});
