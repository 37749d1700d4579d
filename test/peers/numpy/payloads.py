"""The threshold codec byte by byte, and sums of masked residues, in numpy."""

import math
import struct

import numpy as np


def bits_of(value, count):
    return [(value >> k) & 1 for k in range(count)]


def indices_of(chosen, length):
    """The shorter of Rice's code and a bitmap, as docs/protocol-codecs.md has it."""
    count = len(chosen)
    if count in (0, length):
        return b""
    gaps = np.diff(np.concatenate([[-1], chosen])) - 1
    halvings, average = 0, (0.69 * length) / count
    while average >= math.sqrt(2):
        average /= 2
        halvings += 1
    best, best_bits = None, 1 + length
    for k in (max(0, halvings - 1), halvings, halvings + 1):
        size = 6 + int(sum((int(g) >> k) + k + 1 for g in gaps))
        if size < best_bits:
            best, best_bits = k, size
    if best is None:
        stream = [1] + [int(i in set(chosen.tolist())) for i in range(length)]
    else:
        stream = [0, *bits_of(best, 5)]
        for g in map(int, gaps):
            stream += [1] * (g >> best) + [0] + bits_of(g, best)
    return np.packbits(stream, bitorder="little").tobytes()


def threshold(record):
    """Number of vectors whose bytes or decoded entries differ."""
    wrong = 0
    for case in record["cases"]:
        value = np.array(case["value"], record["precision"])
        chosen = np.flatnonzero(np.abs(value.astype(float)) > case["absolute"])
        kept = value[chosen]
        body = struct.pack("<I", len(chosen)) + indices_of(chosen, len(value)) + kept.astype(kept.dtype.newbyteorder("<")).tobytes()
        decoded = np.zeros_like(value)
        decoded[chosen] = kept
        same = bytes(case["body"]) == body and np.array_equal(decoded, np.array(case["decoded"], record["precision"]))
        wrong += not same
    return wrong


def secure_sum(record):
    """Number of sums that differ from the residues' own, over the clients that answered."""
    wrong = 0
    for case in record["cases"]:
        values = np.array([case["values"][str(k)] for k in case["survivors"]], dtype=object)
        wrong += [int(v) for v in values.sum(0) % 2 ** case["bits"]] != case["sum"]
    return wrong
