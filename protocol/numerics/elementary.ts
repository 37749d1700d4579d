/**
 * exp, log, sine and cosine with fixed bits on every engine.
 *
 * Engines differ in the last bits of Math.exp and Math.log, and streams, losses and gradients must not. Only +, -, *, / and
 * Math.sqrt, which IEEE 754 fixes, and integer operations are used. Errors stay below 1 unit in the last place
 * (range reduction and minimax polynomials as in fdlibm).
 */

const buffer = new DataView(new ArrayBuffer(8));
const float = new Float64Array(1);
const word = new Int32Array(float.buffer);
/** Index of the high 32 bits of a double in `word`. */
const HIGH = (() => {
  buffer.setInt16(0, 256, true);
  return new Int16Array(buffer.buffer)[0] === 256 ? 1 : 0;
})();

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const INVERSE_LN2 = Math.LOG2E;

/** 2^k for integer k in [-1022, 1023]. */
function powerOfTwo(k: number): number {
  word[1 - HIGH] = 0;
  word[HIGH] = (k + 1023) << 20;
  return float[0]!;
}

/** e^x. Overflows to Infinity above 709.78, underflows to 0 below -745.13; NaN stays NaN. */
export function exp(x: number): number {
  if (!(x > -745.13321910194122)) return x !== x ? x : 0;
  if (x > 709.78271289338397) return Number.POSITIVE_INFINITY;
  const k = Math.floor(INVERSE_LN2 * x + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  if (k > 1023) return y * 2 * powerOfTwo(k - 1);
  if (k < -1022) return y * powerOfTwo(k + 54) * 5.55111512312578270212e-17;
  return y * powerOfTwo(k);
}

/** Natural logarithm. log(0) = -Infinity, log of a negative number = NaN. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984;
    k = -54;
  }
  float[0] = x;
  let high = word[HIGH]!;
  k += (high >> 20) - 1023;
  high &= 0xfffff;
  const above = (high + 0x95f64) & 0x100000;
  word[HIGH] = high | (above ^ 0x3ff00000);
  k += above >> 20;
  const f = float[0]! - 1;
  const s = f / (2 + f);
  const z = s * s;
  const remainder =
    z *
    (6.66666666666673513e-1 +
      z *
        (3.999999999940941908e-1 +
          z *
            (2.857142874366239149e-1 +
              z *
                (2.222219843214978396e-1 +
                  z * (1.818357216161805012e-1 + z * (1.531383769920937332e-1 + z * 1.479819860511658591e-1))))));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + remainder) + k * LN2_LOW) - f);
}

/** ln(1 + x) without cancellation for small x. */
export function log1p(x: number): number {
  const u = 1 + x;
  if (u === 1) return x;
  if (u === Number.POSITIVE_INFINITY) return u;
  return (log(u) * x) / (u - 1);
}

/** e^x - 1 without cancellation for small x. */
export function expm1(x: number): number {
  if (x > 0.5 || x < -0.5) return exp(x) - 1;
  const u = exp(x);
  if (u === 1) return x;
  return ((u - 1) * x) / log(u);
}

function sineKernel(x: number): number {
  const z = x * x;
  return (
    x +
    x *
      z *
      (-1.66666666666666324348e-1 +
        z *
          (8.33333333332248946124e-3 +
            z *
              (-1.98412698298579493134e-4 +
                z * (2.75573137070700676789e-6 + z * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)))))
  );
}

function cosineKernel(x: number): number {
  const z = x * x;
  const r =
    z *
    (4.16666666666666019037e-2 +
      z *
        (-1.38888888888741095749e-3 +
          z *
            (2.48015872894767294178e-5 +
              z * (-2.75573143513906633035e-7 + z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11)))));
  return 1 - (0.5 * z - z * r);
}

/** sin(2 pi turns), turns in [0, 1]. Exact at multiples of a quarter. */
export function sineOfTurns(turns: number): number {
  const quarter = Math.floor(4 * turns + 0.5);
  const angle = (turns - quarter / 4) * 6.28318530717958647692;
  switch (quarter & 3) {
    case 0:
      return sineKernel(angle);
    case 1:
      return cosineKernel(angle);
    case 2:
      return -sineKernel(angle);
    default:
      return -cosineKernel(angle);
  }
}

/** cos(2 pi turns), turns in [0, 1]. Exact at multiples of a quarter. */
export function cosineOfTurns(turns: number): number {
  const quarter = Math.floor(4 * turns + 0.5);
  const angle = (turns - quarter / 4) * 6.28318530717958647692;
  switch (quarter & 3) {
    case 0:
      return cosineKernel(angle);
    case 1:
      return -sineKernel(angle);
    case 2:
      return -cosineKernel(angle);
    default:
      return sineKernel(angle);
  }
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  if (x > 22) return 1;
  if (x < -22) return -1;
  const e = expm1(2 * x);
  return e / (e + 2);
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x));
  const e = exp(x);
  return e / (1 + e);
}

/** ln(1 + e^x) without overflow. */
export function softplus(x: number): number {
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}
