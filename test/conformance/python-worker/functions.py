"""Elementary functions that have the same bits everywhere.

A library's `exp` and `log` differ from machine to machine in the last bit, so the text fixes the operations themselves: polynomials by
Horner's rule from the highest coefficient, in float64, each operation rounded once. All functions take arrays of float64 (or one number)
and work entry by entry; numpy never joins a multiplication and an addition, so the order written here is the order that is computed.
"""

import numpy as np

LN2_HIGH = 6.9314718036912381649e-1
LN2_LOW = 1.90821492927058770002e-10
LOG_TERMS = (
    6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
    1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1,
)
EXP_TERMS = (
    1.66666666666666019037e-1, -2.77777777770155933842e-3, 6.61375632143793436117e-5, -1.6533902205465251539e-6,
    4.13813679705723846039e-8,
)
SINE_TERMS = (
    -1.66666666666666324348e-1, 8.33333333332248946124e-3, -1.98412698298579493134e-4, 2.75573137070700676789e-6,
    -2.50507602534068634195e-8, 1.58969099521155010221e-10,
)
COSINE_TERMS = (
    4.16666666666666019037e-2, -1.38888888888741095749e-3, 2.48015872894767294178e-5, -2.75573143513906633035e-7,
    2.0875723212981748279e-9, -1.13596475577881948265e-11,
)


def _horner(terms, z):
    total = terms[-1]
    for term in terms[-2::-1]:
        total = term + z * total
    return total


def log(x):
    """The natural logarithm of x > 0."""
    x = np.array(x, dtype=np.float64)
    small = x < 2.0**-1022
    x = x * np.where(small, 2.0**54, 1.0)
    bits = x.view(np.uint64)
    high = (bits >> np.uint64(32)).astype(np.int64)
    k = np.where(small, -54, 0) + (high >> 20) - 1023
    high = high & 0xFFFFF
    i = (high + 0x95F64) & 0x100000
    k = k + (i >> 20)
    low = bits & np.uint64(0xFFFFFFFF)
    f = (((high | (i ^ 0x3FF00000)).astype(np.uint64) << np.uint64(32)) | low).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    r = z * _horner(LOG_TERMS, z)
    q = (0.5 * f) * f
    return k * LN2_HIGH - ((q - (s * (q + r) + k * LN2_LOW)) - f)


def exp(x):
    """e to the power of x."""
    x = np.asarray(x, dtype=np.float64)
    k = np.floor(1.4426950408889634 * x + 0.5)
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * _horner(EXP_TERMS, t)
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    power = np.clip(np.nan_to_num(k), -3000, 3000).astype(np.int64)
    return np.ldexp(y, power)


def _quarter(t):
    """The quarter turn that t is nearest to, and the sine and cosine of the rest."""
    t = np.asarray(t, dtype=np.float64)
    q = np.floor(4.0 * t + 0.5)
    a = (t - q / 4.0) * 6.283185307179586
    z = a * a
    sine = a + (a * z) * _horner(SINE_TERMS, z)
    r = z * _horner(COSINE_TERMS, z)
    cosine = 1.0 - (0.5 * z - z * r)
    return q.astype(np.int64) % 4, sine, cosine


def cosine_of_turns(t):
    """cos(2 pi t), t in [0, 1)."""
    quarter, sine, cosine = _quarter(t)
    return np.choose(quarter, [cosine, -sine, -cosine, sine])


def sine_of_turns(t):
    """sin(2 pi t), t in [0, 1)."""
    quarter, sine, cosine = _quarter(t)
    return np.choose(quarter, [sine, cosine, -sine, -cosine])


def ordered_sum(terms, axis=0):
    """The sum along an axis, from 0, one entry after the other: numpy's own sum goes in pairs and gives other bits."""
    terms = np.asarray(terms, dtype=np.float64)
    if terms.shape[axis] == 0:
        return np.zeros(np.delete(terms.shape, axis)) if terms.ndim > 1 else 0.0
    # + 0.0 is the zero that the sum begins with: it matters for a first entry of -0 alone.
    return np.take(np.add.accumulate(terms, axis=axis), -1, axis=axis) + 0.0
