"""The codecs by name, and the coder of a kind: a codec with its scope, and with a ladder's levels."""

from dataclasses import dataclass

import numpy as np

from floats import Brain, Half, Identity, Natural
from levels import Int8Dynamic, Int8Linear, Qsgd, TernGrad
from means import OneBit, ScaledSign
from refusals import Unsupported, malformed, not_finite
from sparse import RandomK, Threshold, TopK

_PLAIN = {
    "identity": Identity,
    "fp16": Half,
    "bf16": Brain,
    "natural": Natural,
    "scaled-sign": ScaledSign,
    "one-bit": OneBit,
    "int8-linear": Int8Linear,
    "int8-dynamic": Int8Dynamic,
    "terngrad": TernGrad,
    "qsgd": Qsgd,
    "random-k": RandomK,
}
_NESTED = {"top-k": TopK, "threshold": Threshold}

# What a codec inside another may leave out; a scenario's own codecs come with all their settings.
_DEFAULTS = {
    "fp16": {"rounding": "nearest"},
    "bf16": {"rounding": "nearest"},
    "int8-linear": {"block": 256, "rounding": "nearest"},
    "int8-dynamic": {"block": 2048},
    "terngrad": {"clip": None},
    "qsgd": {"levels": 16, "bucket": 512, "norm": "l2", "coding": "fixed"},
    "random-k": {"fraction": 0.01, "count": None, "scaled": True},
    "top-k": {"fraction": 0.01, "count": None, "values": {"name": "identity"}},
    "threshold": {"absolute": 0.001, "values": {"name": "identity"}},
}


def make_codec(settings, precision):
    """The codec of {name, settings}."""
    name = settings["name"]
    settings = {**_DEFAULTS.get(name, {}), **settings}
    if name in _PLAIN:
        return _PLAIN[name](settings, precision)
    if name in _NESTED:
        return _NESTED[name](settings, precision, make_codec(settings["values"], precision))
    raise Unsupported(f"no codec {name}")


class Scoped:
    """A codec over whole vectors, or over each segment of the model on its own.

    `segments`: lengths of the model's segments, in order; None: scope `vector`. Bodies without a fixed size have their length before them.
    """

    def __init__(self, codec, segments):
        self._codec = codec
        self._segments = segments

    def _parts(self, length):
        if self._segments is None or sum(self._segments) != length:
            return [length]
        return self._segments

    def encode(self, x, stream):
        if self._segments is None:
            return self._codec.encode(x, stream)
        body, start = bytearray(), 0
        for j, length in enumerate(self._parts(len(x))):
            part = self._codec.encode(x[start : start + length], stream.derive("segment", j))
            if self._codec.size(length) is None:
                body += len(part).to_bytes(4, "little")
            body += part
            start += length
        return bytes(body)

    def decode(self, body, length):
        if self._segments is None:
            return self._codec.decode(body, length)
        parts, at = [], 0
        for segment in self._parts(length):
            size = self._codec.size(segment)
            if size is None:
                size = int.from_bytes(body[at : at + 4], "little")
                at += 4
            if at + size > len(body):
                raise malformed("a segment is missing")
            parts.append(self._codec.decode(body[at : at + size], segment))
            at += size
        if at != len(body):
            raise malformed("bytes after the last segment")
        return np.concatenate(parts) if parts else np.empty(0)

    def expected_error(self, x, decoded):
        """The expected squared error, summed over the segments."""
        if self._segments is None:
            return self._codec.expected_error(x, decoded)
        total, start = 0.0, 0
        for length in self._parts(len(x)):
            total += self._codec.expected_error(x[start : start + length], decoded[start : start + length])
            start += length
        return total


@dataclass(frozen=True)
class Ladder:
    """Settings of `adaptive` beside its codecs."""

    steps: int
    share: float
    every_rounds: int
    retry_after: int

    def measures(self, round_index):
        return (round_index + 1) % self.every_rounds == 0


class Coder:
    """How a kind's vectors travel. `ladder` is None unless the codec is adaptive; `level` counts for an adaptive one alone."""

    def __init__(self, settings, scope, segments, precision):
        steps = settings["ladder"] if settings["name"] == "adaptive" else [settings]
        segments = segments if scope == "tensor" else None
        self._steps = [Scoped(make_codec(step, precision), segments) for step in steps]
        self.ladder = None
        if settings["name"] == "adaptive":
            self.ladder = Ladder(len(steps), settings["share"], settings["everyRounds"], settings["retryAfter"])

    def encode(self, x, stream, level=0):
        """(payload, what its receivers decode). `level` is the codec of the ladder that is in use."""
        if not np.isfinite(x).all():
            raise not_finite("a codec was given a number that is not finite")
        body = self._steps[level].encode(x, stream)
        decoded = self._steps[level].decode(body, len(x))
        return (body if self.ladder is None else body + bytes([level])), decoded

    def decode(self, body, length):
        if self.ladder is None:
            return self._steps[0].decode(body, length)
        if not body or body[-1] >= self.ladder.steps:
            raise malformed("adaptive: no such codec in the ladder")
        return self._steps[body[-1]].decode(body[:-1], length)

    def expected_error(self, x, decoded, level):
        return self._steps[level].expected_error(x, decoded)


def coder_of(settings, segments, precision):
    """The coder of a scenario's {codec, memory, scope}, or None: identity without a memory is no codec."""
    if settings is None or (settings["codec"]["name"] == "identity" and settings["memory"] is None):
        return None
    return Coder(settings["codec"], settings["scope"], segments, precision)
