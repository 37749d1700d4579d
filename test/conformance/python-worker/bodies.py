"""Bodies of frames: the messages of one kind, one after the other."""

import struct

import numpy as np

from refusals import Rejected

_PAIR = struct.Struct("<II")


def _padded(size):
    return -(-size // 8) * 8


def encode_message(kind, fields):
    """The bytes of one message. `fields`: for a vector (numbers, payload), for a scalar its number."""
    fixed, rest = bytearray(), bytearray()
    for name in kind.vectors:
        numbers, payload = fields[name]
        fixed += _PAIR.pack(numbers, len(payload))
        rest += payload + bytes(_padded(len(payload)) - len(payload))
    for name in kind.scalars:
        fixed += struct.pack("<d", fields[name])
    return bytes(fixed + rest)


def decode_messages(kind, body, count):
    """`count` messages with fields as above; raises Rejected where the lengths inside do not agree.

    The methods of this worker have vectors and scalars alone, so integers and bytes are not read here.
    """
    messages, at = [], 0
    fixed = 8 * (len(kind.vectors) + len(kind.scalars))
    for _ in range(count):
        if at + fixed > len(body):
            raise Rejected("fewer messages than announced")
        message, end = {}, at + fixed
        for name in kind.vectors:
            numbers, size = _PAIR.unpack_from(body, at)
            if end + _padded(size) > len(body):
                raise Rejected("a vector that is longer than the body")
            message[name] = (numbers, body[end : end + size])
            end += _padded(size)
            at += 8
        for name in kind.scalars:
            message[name] = struct.unpack_from("<d", body, at)[0]
            if not np.isfinite(message[name]):
                raise Rejected("a scalar that is not finite")
            at += 8
        messages.append(message)
        at = end
    if at != len(body):
        raise Rejected("bytes after the last message")
    return messages


def plain_payload(x, precision):
    return np.asarray(x).astype(precision).tobytes()


def read_plain(payload, length, precision):
    """A vector that travels without a codec, as float64."""
    if len(payload) != length * precision.itemsize:
        raise Rejected("a vector whose bytes are not its numbers")
    x = np.frombuffer(payload, dtype=precision).astype(np.float64)
    if not np.isfinite(x).all():
        raise Rejected("a vector that is not finite")
    return x
