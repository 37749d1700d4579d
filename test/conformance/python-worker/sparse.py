"""Codecs that keep some entries: top-k, threshold, random-k."""

import math

import numpy as np

from bits import exact
from codec import Codec
from floats import Identity
from functions import ordered_sum
from indices import decode_indices, encode_indices
from refusals import malformed
from streams import root


def kept_count(settings, length):
    """k of d: a count, or a fraction whose product may be a hair above a whole number."""
    if settings["count"] is not None:
        return min(settings["count"], length)
    return min(length, math.ceil(settings["fraction"] * length * (1 - 1e-12)))


class _Nested(Codec):
    """Indices, then the kept values in another codec."""

    def __init__(self, settings, precision, values):
        super().__init__(settings, precision)
        self.values = values
        self.random = values.random

    def _body(self, x, kept, stream):
        return encode_indices(kept, len(x)) + self.values.encode(x[kept], stream)

    def _read(self, body, count, length):
        kept, rest = decode_indices(body, count, length)
        x = np.zeros(length)
        x[kept] = self.values.decode(rest, count)
        return x

    def size(self, length):
        return None

    def expected_error(self, x, decoded):
        if not self.random:
            return super().expected_error(x, decoded)
        kept = self._kept(x)
        left_out = x.copy()
        left_out[kept] = 0
        return float(ordered_sum(left_out**2)) + self.values.expected_error(x[kept], None)


class TopK(_Nested):
    def _kept(self, x):
        # A stable order leaves equal magnitudes in the order of their indices.
        return np.sort(np.argsort(-np.abs(x), kind="stable")[: kept_count(self.settings, len(x))])

    def encode(self, x, stream):
        return self._body(x, self._kept(x), stream)

    def decode(self, body, length):
        return self._read(body, kept_count(self.settings, length), length)


class Threshold(_Nested):
    def _kept(self, x):
        return np.flatnonzero(np.abs(x) > self.settings["absolute"])

    def encode(self, x, stream):
        kept = self._kept(x)
        return len(kept).to_bytes(4, "little") + self._body(x, kept, stream)

    def decode(self, body, length):
        count = int.from_bytes(body[:4], "little")
        if len(body) < 4 or count > length:
            raise malformed("threshold: a count that cannot be")
        return self._read(body[4:], count, length)


class RandomK(Codec):
    """A subset that both ends draw from a seed of two words."""

    random = True

    def __init__(self, settings, precision):
        super().__init__(settings, precision)
        self._numbers = Identity({}, precision)

    def _subset(self, seeds, count, length):
        drawn = count if count <= length / 2 else length - count
        marks = np.zeros(length, dtype=bool)
        stream = root(0).derive("random subset", int(seeds[0]), int(seeds[1]))
        limit, size, missing = (1 << 32) // length * length, max(16, min(4096, drawn)), drawn
        while missing:
            for word in stream.words(size).tolist():
                if missing and word < limit and not marks[word % length]:
                    marks[word % length] = True
                    missing -= 1
        return np.flatnonzero(marks if drawn == count else ~marks)

    def encode(self, x, stream):
        if len(x) == 0:
            return b""
        count = kept_count(self.settings, len(x))
        seeds = stream.words(2)
        kept = x[self._subset(seeds, count, len(x))]
        if self.settings["scaled"]:
            kept = kept * (len(x) / count)
        return seeds.astype("<u4").tobytes() + self._numbers.encode(kept, None)

    def decode(self, body, length):
        exact(body, self.size(length))
        x = np.zeros(length)
        if length:
            count = kept_count(self.settings, length)
            x[self._subset(np.frombuffer(body[:8], dtype="<u4"), count, length)] = self._numbers.decode(body[8:], count)
        return x

    def size(self, length):
        return 8 + self._numbers.size(kept_count(self.settings, length)) if length else 0

    def expected_error(self, x, decoded):
        count = kept_count(self.settings, len(x))
        share = (len(x) - count) / count if self.settings["scaled"] else (len(x) - count) / len(x)
        return share * float(ordered_sum(x * x))
