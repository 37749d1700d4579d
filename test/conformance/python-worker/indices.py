"""Ascending indices as bits: a bitmap, or Rice codes of the gaps, whichever is shorter."""

import math

import numpy as np

from bits import pack, unpack
from refusals import malformed


def encode_indices(indices, length):
    """Bytes of `indices`, ascending, below `length`; none where they are none or all."""
    count = len(indices)
    if count in (0, length):
        return b""
    gaps = np.diff(indices, prepend=-1) - 1
    fitting, halves = 0, (0.69 * length) / count
    while halves >= math.sqrt(2):
        fitting += 1
        halves /= 2
    best, best_bits = None, 1 + length
    for k in (max(0, fitting - 1), fitting, fitting + 1):
        bits = 6 + int(((gaps >> k) + k + 1).sum())
        if bits < best_bits:
            best, best_bits = k, bits
    if best is None:
        marks = np.zeros(length, dtype=np.uint8)
        marks[indices] = 1
        return pack(np.concatenate([[1], marks]))
    bits = [0] + [(best >> i) & 1 for i in range(5)]
    for gap in gaps.tolist():
        bits += [1] * (gap >> best) + [0] + [(gap >> i) & 1 for i in range(best)]
    return pack(bits)


def decode_indices(body, count, length):
    """The indices, and the bytes after them."""
    if count == 0:
        return np.empty(0, dtype=np.int64), body
    if count == length:
        return np.arange(length), body
    if not body:
        raise malformed("indices are missing")
    if body[0] & 1:
        size = (length + 8) // 8
        indices = np.flatnonzero(unpack(body[:size], 1 + length)[1:])
        if len(indices) != count:
            raise malformed(f"{len(indices)} marks for {count} indices")
        return indices, body[size:]
    return _decode_rice(body, count, length)


def _decode_rice(body, count, length):
    at, end = 1, 8 * len(body)

    def bit():
        nonlocal at
        if at >= end:
            raise malformed("indices end too early")
        at += 1
        return (body[(at - 1) >> 3] >> ((at - 1) & 7)) & 1

    k = sum(bit() << i for i in range(5))
    indices, index = [], -1
    for _ in range(count):
        high = 0
        while bit():
            high += 1
            if high << k >= length:
                raise malformed("an index beyond the vector")
        index += 1 + (high << k) + sum(bit() << i for i in range(k))
        if index >= length:
            raise malformed("an index beyond the vector")
        indices.append(index)
    size = (at + 7) // 8
    unpack(body[:size], at)  # refuses bits after the last index
    return np.array(indices), body[size:]
