"""Codecs that keep each number by itself as a float: identity, fp16, bf16, natural."""

import numpy as np

from bits import exact, signs, unpack
from codec import Codec
from coins import coins
from functions import ordered_sum
from refusals import not_finite


def exponent_of(magnitude):
    """e with 2^e <= magnitude < 2^(e + 1); far below every format for 0."""
    return np.where(magnitude > 0, np.frexp(magnitude)[1] - 1, -10000)


def finite(x, what):
    if not np.isfinite(x).all():
        raise not_finite(f"{what}: not finite")
    return x


class Identity(Codec):
    def encode(self, x, stream):
        return x.astype(self.precision).tobytes()

    def decode(self, body, length):
        exact(body, self.size(length))
        return finite(np.frombuffer(body, dtype=self.precision).astype(np.float64), "identity")

    def size(self, length):
        return length * self.precision.itemsize


class _SixteenBits(Codec):
    """A 16-bit float: `least` is the exponent of the least normal number, `digits` are the bits after its leading one."""

    least, digits, largest = 0, 0, 0.0

    def __init__(self, settings, precision):
        super().__init__(settings, precision)
        self.random = settings["rounding"] == "stochastic"

    def spacing(self, magnitude):
        return np.ldexp(1.0, np.maximum(exponent_of(magnitude), self.least) - self.digits)

    def size(self, length):
        return 2 * length

    def _rounded(self, x, stream):
        """x rounded to the format's numbers."""
        magnitude = np.abs(x)
        if self.random:
            if (magnitude > self.largest).any():
                raise not_finite("a magnitude above the largest of the format")
            steps = magnitude / self.spacing(magnitude)
            down = np.floor(steps)
            steps = down + ((steps - down) * 2.0**32 > coins(stream, len(x)))
        else:
            magnitude = np.minimum(magnitude, self.largest)
            steps = np.rint(magnitude / self.spacing(magnitude))
        return np.copysign(np.minimum(steps * self.spacing(magnitude), self.largest), x)

    def expected_error(self, x, decoded):
        if not self.random:
            return super().expected_error(x, decoded)
        spacing = self.spacing(np.abs(x))
        steps = np.abs(x) / spacing
        share = steps - np.floor(steps)
        return float(ordered_sum(share * (1 - share) * spacing**2))


class Half(_SixteenBits):
    least, digits, largest = -14, 10, 65504.0

    def encode(self, x, stream):
        return self._rounded(x, stream).astype("<f2").tobytes()

    def decode(self, body, length):
        exact(body, 2 * length)
        return finite(np.frombuffer(body, dtype="<f2").astype(np.float64), "fp16")


class Brain(_SixteenBits):
    """The upper half of a float32."""

    least, digits, largest = -126, 7, float(np.uint32(0x7F7F0000).view(np.float32))

    def encode(self, x, stream):
        if self.random and self.precision == np.float32:
            return self._with_random_bits(x, stream)
        upper = self._rounded(x, stream).astype(np.float32).view(np.uint32) >> np.uint32(16)
        return upper.astype("<u2").tobytes()

    def _with_random_bits(self, x, stream):
        """Sixteen random bits are added to the 32 of x: half a coin an entry."""
        if (np.abs(x) > self.largest).any():
            raise not_finite("a magnitude above the largest of the format")
        drawn = coins(stream, (len(x) + 1) // 2)
        halves = np.stack([drawn & np.uint32(0xFFFF), drawn >> np.uint32(16)], axis=1).reshape(-1)[: len(x)]
        sums = x.astype(np.float32).view(np.uint32) + halves
        return (sums >> np.uint32(16)).astype("<u2").tobytes()

    def decode(self, body, length):
        exact(body, 2 * length)
        upper = np.frombuffer(body, dtype="<u2").astype(np.uint32) << np.uint32(16)
        return finite(upper.view(np.float32).astype(np.float64), "bf16")


class Natural(Codec):
    """Powers of two: an exponent byte and a sign bit each."""

    random = True
    _LEAST = 2.0**-126

    def encode(self, x, stream):
        magnitude = np.abs(x)
        if (magnitude > 2.0**127).any():
            raise not_finite("natural: a magnitude above 2^127")
        drawn = coins(stream, len(x))
        if self.precision == np.float32:
            exponents = (magnitude.astype(np.float32).view(np.uint32) + (drawn >> np.uint32(9))) >> np.uint32(23)
        else:
            power, share, _ = self._shares(magnitude)
            exponents = power + (share * 2.0**32 > drawn)
        return exponents.astype(np.uint8).tobytes() + signs(x)

    def _shares(self, magnitude):
        """The power of two not above a magnitude (as a float32's exponent), its share of the way to the next, and that way."""
        power = np.maximum(exponent_of(magnitude) + 127, 0)
        unit = np.where(power > 0, np.ldexp(1.0, power - 127), self._LEAST)
        return power, np.where(power > 0, magnitude / unit - 1.0, magnitude / unit), unit

    def decode(self, body, length):
        exact(body, self.size(length))
        exponents = np.frombuffer(body[:length], dtype=np.uint8).astype(np.int64)
        negative = unpack(body[length:], length)
        if (exponents == 255).any():
            raise not_finite("natural: the exponent of infinity")
        magnitude = np.where(exponents > 0, np.ldexp(1.0, exponents - 127), 0.0)
        return np.where(negative == 1, -magnitude, magnitude)

    def size(self, length):
        return length + (length + 7) // 8

    def expected_error(self, x, decoded):
        _, share, unit = self._shares(np.abs(x))
        return float(ordered_sum(share * (1 - share) * unit**2))
