"""Codecs of signs: scaled-sign and one-bit, each entry as the sign of it times a mean."""

import numpy as np

from bits import exact, read_scales, scale_bytes, signs, unpack
from codec import Codec
from functions import ordered_sum
from refusals import malformed, not_finite


def _nearest(mean):
    with np.errstate(over="ignore"):
        rounded = np.float32(mean)
    if not np.isfinite(rounded):
        raise not_finite("a mean above every float32")
    return rounded


class ScaledSign(Codec):
    def encode(self, x, stream):
        magnitude = np.abs(x)
        whole = len(x) // 8 * 8
        # Eight interleaved sums, as a machine with eight lanes makes them.
        s = ordered_sum(magnitude[:whole].reshape(-1, 8))
        joined = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
        total = float(ordered_sum(np.concatenate([[joined], magnitude[whole:]])))
        return scale_bytes([_nearest(total / len(x) if len(x) else 0.0)]) + signs(x)

    def decode(self, body, length):
        exact(body, self.size(length))
        mean = read_scales(body, 1)[0]
        return np.where(unpack(body[4:], length) == 1, -mean, mean)

    def size(self, length):
        return 4 + (length + 7) // 8


class OneBit(Codec):
    def encode(self, x, stream):
        negative = int(np.signbit(x).sum())
        positive = len(x) - negative
        above = float(ordered_sum(x + np.abs(x))) / 2
        below = float(ordered_sum(x - np.abs(x))) / 2
        means = [_nearest(above / positive) if positive else 0.0, _nearest(below / negative) if negative else 0.0]
        return scale_bytes(means) + signs(x)

    def decode(self, body, length):
        exact(body, self.size(length))
        above, below = read_scales(body, 2, least=-np.inf)
        if above < 0 or below > 0:
            raise malformed("one-bit: a mean on the wrong side")
        return np.where(unpack(body[8:], length) == 1, below, above)

    def size(self, length):
        return 8 + (length + 7) // 8
