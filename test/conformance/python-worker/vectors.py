"""The vectors of a half as they travel: through codecs and memories, with what that costs and loses."""

import asyncio
import time
from dataclasses import dataclass

import numpy as np

from bodies import plain_payload, read_plain
from functions import ordered_sum
from memories import level_key, receiver_key, sender_key
from tally import direction_of, no_coding


@dataclass(frozen=True)
class Posted:
    """A vector that was posted with a codec: its value, what was encoded, what receivers decode, and its memory after a loss."""

    kind: str
    field: str
    step: int
    value: np.ndarray
    sent: np.ndarray
    decoded: np.ndarray
    level: int
    lost_memory: dict | None


def rounded(x, precision):
    """A result in float64, rounded once to the run's precision."""
    with np.errstate(over="ignore"):
        return np.asarray(x).astype(precision)


def _wide(x):
    return x.astype(np.float64)


def _code(coder, sent, stream, level, precision):
    payload, decoded = coder.encode(_wide(sent), stream, level)
    return payload, rounded(decoded, precision)


class Vectors:
    """`spend(length)` is called for each vector that goes through a codec: it costs simulated time."""

    def __init__(self, setup, memories, rng, spend):
        self._setup, self._rng, self._spend = setup, rng, spend
        self.memories = dict(memories)
        self.posted = []
        self.coding = no_coding()
        self._as_read = {}

    def as_read(self, kind, field):
        """The vector of the last post of a kind, as its receivers read it."""
        return self._as_read[kind, field]

    async def decode(self, kind, sender, position, message):
        """A message's fields, its vectors at the run's precision. A memory moves only with the whole message."""
        fields, moved = dict(message), {}
        coder, memory = self._setup.coders[kind.index], self._setup.memories[kind.index]
        for name in kind.vectors:
            numbers, payload = message[name]
            if coder is None:
                fields[name] = rounded(read_plain(payload, numbers, self._setup.precision), self._setup.precision)
                continue
            began = time.perf_counter()
            vector = rounded(await asyncio.to_thread(coder.decode, payload, numbers), self._setup.precision)
            self.coding[direction_of(kind)].decodeMs += 1000 * (time.perf_counter() - began)
            self._spend(numbers)
            if memory is not None and memory.receivers_remember:
                key = receiver_key(sender, kind.name, name, position)
                moved[key] = memory.received(self.memories.get(key) or memory.empty(numbers), _wide(vector))
                vector = moved[key]["estimate"]
            fields[name] = vector
        self.memories.update(moved)
        return fields

    async def encode(self, kind, field, step, vector):
        """The payload of a vector. Its memory moves on as if the message arrived, for the next post of this round."""
        coder, memory = self._setup.coders[kind.index], self._setup.memories[kind.index]
        self._as_read[kind.name, field] = vector
        if coder is None:
            return plain_payload(vector, self._setup.precision)
        began = time.perf_counter()
        value, key, lost = _wide(vector), sender_key(kind.name, field), None
        before = None if memory is None else self.memories.get(key) or memory.empty(len(value))
        sent = vector if memory is None else memory.prepare(before, value)
        level = self.memories.get(level_key(kind.name, field), {"level": 0})["level"]
        stream = self._rng.derive("codec", kind.name, field, step, 0)
        payload, decoded = await asyncio.to_thread(_code, coder, sent, stream, level, self._setup.precision)
        self._as_read[kind.name, field] = decoded
        if memory is not None:
            lost = memory.lost(before, value, sent)
            self.memories[key] = memory.delivered(before, value, sent, _wide(decoded))
            self._as_read[kind.name, field] = memory.as_read(self.memories[key], decoded)
        self.posted.append(Posted(kind.name, field, step, value, _wide(sent), _wide(decoded), level, lost))
        self._count(kind, began, _wide(sent), _wide(decoded))
        self._spend(len(value))
        return payload

    def _count(self, kind, began, sent, decoded):
        coding = self.coding[direction_of(kind)]
        coding.encodeMs += 1000 * (time.perf_counter() - began)
        coding.squaredError += float(ordered_sum((decoded - sent) ** 2))
        coding.squaredNorm += float(ordered_sum(sent**2))
