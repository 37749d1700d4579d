"""Coins of randomised rounding: 32 random bits for each entry of a vector, the same in every program."""

import numpy as np

_MASK = 0xFFFFFFFF


def coins(stream, count):
    """`count` coins (uint32): four interleaved xoshiro128++ generators, their states drawn from the codec's stream."""
    words = [int(word) for word in stream.words(16)]
    lanes = []
    for j in range(4):
        state = [words[4 * w + j] for w in range(4)]
        if not any(state):
            state[0] = 1
        lanes.append(_lane(state, (count + 3 - j) // 4))
    result = np.empty(count, dtype=np.uint32)
    for j in range(4):
        result[j::4] = lanes[j]
    return result


def _lane(state, count):
    a, b, c, e = state
    results = []
    for _ in range(count):
        total = (a + e) & _MASK
        results.append((((total << 7) | (total >> 25)) + a) & _MASK)
        t = (b << 9) & _MASK
        c ^= a
        e ^= b
        b ^= c
        a ^= e
        c ^= t
        e = ((e << 11) | (e >> 21)) & _MASK
    return results


def fractions(stream, count):
    """Coins as numbers in [0, 1): coin times 2^-32."""
    return coins(stream, count) * 2.0**-32
