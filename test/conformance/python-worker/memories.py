"""Memories of codecs: what compression left out, and the copies that receivers keep.

A memory works on its record of vectors (named as in checkpoints), in the run's precision; each vector is rounded when it is stored.
`prepare` gives what is encoded; `delivered` and `lost` give the record after the message.
"""

import numpy as np

from refusals import Unsupported


class _Memory:
    fields = ()
    receivers_remember = False

    def __init__(self, settings, precision):
        self.settings = settings
        self._precision = precision

    def empty(self, length):
        return {field: np.zeros(length, dtype=self._precision) for field in self.fields}

    def _stored(self, x):
        return np.asarray(x, dtype=np.float64).astype(self._precision)

    def prepare(self, record, value):
        """The vector p that is encoded in place of `value`, in the run's precision."""
        raise NotImplementedError

    def delivered(self, record, value, sent, decoded):
        """The record after a message that reached somebody: `sent` is p, `decoded` what receivers read."""
        raise NotImplementedError

    def lost(self, record, value, sent):
        raise NotImplementedError

    def as_read(self, record_after, decoded):
        """The value that the message has for its receivers."""
        return decoded


def _wide(x):
    return x.astype(np.float64)


class ErrorFeedback(_Memory):
    fields = ("error",)

    def prepare(self, record, value):
        return self._stored(_wide(record["error"]) + value)

    def delivered(self, record, value, sent, decoded):
        return {"error": self._stored(_wide(sent) - decoded)}

    def lost(self, record, value, sent):
        return {"error": sent}


class Ef21(_Memory):
    fields = ("estimate",)
    receivers_remember = True

    def prepare(self, record, value):
        return self._stored(value - _wide(record["estimate"]))

    def delivered(self, record, value, sent, decoded):
        return {"estimate": self._stored(_wide(record["estimate"]) + decoded)}

    def lost(self, record, value, sent):
        return record

    def as_read(self, record_after, decoded):
        return record_after["estimate"]

    def received(self, record, decoded):
        """A receiver's copy after a message."""
        return {"estimate": self._stored(_wide(record["estimate"]) + decoded)}


class Dgc(_Memory):
    fields = ("momentum", "accumulated")

    def _velocity(self, record, value):
        return self._stored(value + self.settings["momentum"] * _wide(record["momentum"]))

    def prepare(self, record, value):
        return self._stored(_wide(record["accumulated"]) + _wide(self._velocity(record, value)))

    def delivered(self, record, value, sent, decoded):
        left = decoded == 0
        zero = self._precision.type(0)
        return {
            "momentum": np.where(left, self._velocity(record, value), zero),
            "accumulated": np.where(left, sent, zero),
        }

    def lost(self, record, value, sent):
        return {"momentum": self._velocity(record, value), "accumulated": sent}


_MEMORIES = {"error-feedback": ErrorFeedback, "ef21": Ef21, "dgc": Dgc}


def memory_of(settings, precision):
    """The memory of {name, settings}, or None for none."""
    if settings is None:
        return None
    if settings["name"] not in _MEMORIES:
        raise Unsupported(f"no memory {settings['name']}")
    return _MEMORIES[settings["name"]](settings, precision)


def sender_key(kind, field):
    """Key in a party's record of the memory of what it posts. The third part names a stream: none, for a broadcast."""
    return f"{kind}/{field}/"


def receiver_key(sender, kind, field, position):
    return f"from {sender}/{kind}/{field}/{position}"


def level_key(kind, field):
    return f"level {kind}/{field}/"
