"""Codecs of small integers times a scale: int8-linear, int8-dynamic, terngrad, qsgd."""

import numpy as np

from bits import (
    block_count, blocks_of, exact, levels_of, pack_fields, read_scales, scale_above, scale_bytes, spread, unpack_fields,
)
from codec import Codec
from coins import fractions
from functions import ordered_sum
from rangecoder import decode_levels, encode_levels
from refusals import malformed


class Int8Linear(Codec):
    def __init__(self, settings, precision):
        super().__init__(settings, precision)
        self.block = settings["block"]
        self.random = settings["rounding"] == "stochastic"

    def _scales(self, x):
        return scale_above(np.abs(blocks_of(x, self.block)).max(axis=1, initial=0.0))

    def encode(self, x, stream):
        scales = self._scales(x)
        a = spread(scales.astype(np.float64), self.block, len(x))
        steps = x * (127.0 / np.where(a > 0, a, 1.0))
        if self.random:
            level = np.trunc((steps + 127.0) + fractions(stream, len(x))) - 127
        else:
            level = np.trunc(steps + 128.5) - 128
        return scale_bytes(scales) + np.where(a > 0, level, 0).astype(np.int8).tobytes()

    def decode(self, body, length):
        exact(body, self.size(length))
        blocks = block_count(length, self.block)
        scales = read_scales(body, blocks)
        level = np.frombuffer(body[4 * blocks :], dtype=np.int8).astype(np.float64)
        if (level == -128).any():
            raise malformed("int8-linear: the level -128")
        return level * spread(scales / 127.0, self.block, length)

    def size(self, length):
        return 4 * block_count(length, self.block) + length

    def expected_error(self, x, decoded):
        if not self.random:
            return super().expected_error(x, decoded)
        a = spread(self._scales(x).astype(np.float64), self.block, len(x))
        steps = (x / np.where(a > 0, a, 1.0)) * 127.0
        share = steps - np.floor(steps)
        return float(ordered_sum(np.where(a > 0, share * (1 - share) * (a / 127.0) ** 2, 0.0)))


class Int8Dynamic(Codec):
    MAGNITUDES = np.array(
        [0.0]
        + [(0.1 + (0.9 * (j + 0.5)) / 2**i) * power for i, power in enumerate((1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)) for j in range(2**i)]
        + [1.0]
    )
    # Byte 127 + m is the magnitude m, byte 127 - m its opposite; -1 has no byte.
    CODE = np.concatenate([-MAGNITUDES[127:0:-1], MAGNITUDES])

    def encode(self, x, stream):
        block = self.settings["block"]
        scales = scale_above(np.abs(blocks_of(x, block)).max(axis=1, initial=0.0))
        a = spread(scales.astype(np.float64), block, len(x))
        share = np.abs(x) * (1.0 / np.where(a > 0, a, 1.0))
        upper = np.clip(np.searchsorted(self.MAGNITUDES, share), 1, 128)
        nearer_below = share - self.MAGNITUDES[upper - 1] <= self.MAGNITUDES[upper] - share
        m = np.where(nearer_below, upper - 1, upper)
        code = np.where(np.signbit(x), 127 - np.minimum(m, 127), 127 + m)
        return scale_bytes(scales) + np.where(a > 0, code, 127).astype(np.uint8).tobytes()

    def decode(self, body, length):
        exact(body, self.size(length))
        block = self.settings["block"]
        blocks = block_count(length, block)
        scales = read_scales(body, blocks)
        return self.CODE[np.frombuffer(body[4 * blocks :], dtype=np.uint8)] * spread(scales, block, length)

    def size(self, length):
        return 4 * block_count(length, self.settings["block"]) + length


class TernGrad(Codec):
    random = True
    _WEIGHTS = np.array([1, 3, 9, 27, 81])

    def _scale(self, x):
        magnitude = np.abs(x)
        largest = float(magnitude.max(initial=0.0))
        clip = self.settings["clip"]
        if clip is not None and largest > 0:
            share = x / largest
            mean = float(ordered_sum(share)) / len(x)
            mean_square = float(ordered_sum(share * share)) / len(x)
            deviation = np.sqrt(max(0.0, mean_square - mean * mean))
            if deviation > 0:
                largest = min(largest, (clip * deviation) * largest)
        return scale_above(largest)

    def encode(self, x, stream):
        scale = self._scale(x)
        digits = 1 + levels_of(x, np.full(len(x), float(scale)), 1, fractions(stream, len(x)))
        filled = np.zeros(-(-len(x) // 5) * 5, dtype=np.int64)
        filled[: len(x)] = digits
        return scale_bytes([scale]) + (filled.reshape(-1, 5) * self._WEIGHTS).sum(axis=1).astype(np.uint8).tobytes()

    def decode(self, body, length):
        exact(body, self.size(length))
        scale = read_scales(body, 1)[0]
        packed = np.frombuffer(body[4:], dtype=np.uint8).astype(np.int64)
        digits = ((packed[:, None] // self._WEIGHTS) % 3).reshape(-1)
        if (packed >= 243).any() or digits[length:].any():
            raise malformed("terngrad: a byte that is no five digits")
        return (digits[:length] - 1) * scale

    def size(self, length):
        return 4 + -(-length // 5)

    def expected_error(self, x, decoded):
        m = float(self._scale(x))
        kept = np.minimum(np.abs(x), m)
        return float(ordered_sum(kept * (m - kept) + (np.abs(x) - kept) ** 2))


class Qsgd(Codec):
    random = True

    def __init__(self, settings, precision):
        super().__init__(settings, precision)
        self.top = settings["levels"]
        self.bucket = settings["bucket"]
        self.coded = settings["coding"] == "entropy"
        self.width = (2 * self.top).bit_length()

    def _norms(self, x):
        rows = blocks_of(x, self.bucket)
        largest = np.abs(rows).max(axis=1, initial=0.0)
        if self.settings["norm"] == "max":
            return scale_above(largest)
        with np.errstate(over="ignore", invalid="ignore"):
            squares = ordered_sum(rows * rows, axis=1)
            relative = rows / np.where(largest > 0, largest, 1.0)[:, None]
            scaled = largest * np.sqrt(ordered_sum(relative * relative, axis=1))
            # Squares of very small or large numbers are none; then the numbers are first divided by the largest.
            plain = (squares >= 1e-200) & (squares <= 1e200)
            return scale_above(np.where(plain, np.sqrt(squares), scaled))

    def encode(self, x, stream):
        norms = self._norms(x)
        unit = spread(norms.astype(np.float64) / self.top, self.bucket, len(x))
        level = levels_of(x, unit, self.top, fractions(stream, len(x)))
        if self.coded:
            return scale_bytes(norms) + encode_levels(level[unit > 0])
        return scale_bytes(norms) + pack_fields(level + self.top, self.width)

    def decode(self, body, length):
        blocks = block_count(length, self.bucket)
        norms = read_scales(body, blocks)
        unit = spread(norms / self.top, self.bucket, length)
        if self.coded:
            level = np.zeros(length, dtype=np.int64)
            level[unit > 0] = decode_levels(body[4 * blocks :], int((unit > 0).sum()), self.top)
        else:
            level = unpack_fields(body[4 * blocks :], length, self.width) - self.top
            if (level > self.top).any():
                raise malformed("qsgd: a level beyond the last")
        return level * unit

    def size(self, length):
        if self.coded:
            return None
        return 4 * block_count(length, self.bucket) + (length * self.width + 7) // 8

    def expected_error(self, x, decoded):
        norm = spread(self._norms(x).astype(np.float64), self.bucket, len(x))
        steps = self.top * (np.abs(x) / np.where(norm > 0, norm, 1.0))
        share = steps - np.floor(steps)
        return float(ordered_sum(np.where(norm > 0, share * (1 - share) * (norm / self.top) ** 2, 0.0)))
