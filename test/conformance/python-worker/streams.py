"""Keyed random streams: Threefry-2x32 with 20 rounds, and what is drawn from it.

A stream is a key and a counter. Every draw takes whole blocks from the counter, so that the same draws give the same numbers in any
program. Deriving a stream reads no counter: who derives first changes nothing.
"""

import numpy as np

from functions import cosine_of_turns, log, sine_of_turns

WORD = 0xFFFFFFFF
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def block(k0, k1, c0, c1):
    """Two words of the key (k0, k1) at the counter (c0, c1); counters may be arrays of uint32."""
    c0, c1 = np.asarray(c0, dtype=np.uint32), np.asarray(c1, dtype=np.uint32)
    keys = [np.uint32(k0), np.uint32(k1), np.uint32(k0 ^ k1 ^ 0x1BD11BDA)]
    with np.errstate(over="ignore"):
        x, y = c0 + keys[0], c1 + keys[1]
        for group in range(5):
            for r in _ROTATIONS[group % 2]:
                x = x + y
                y = ((y << np.uint32(r)) | (y >> np.uint32(32 - r))) ^ x
            x = x + keys[(group + 1) % 3]
            y = y + keys[(group + 2) % 3] + np.uint32(group + 1)
    return x, y


def _hashes(text):
    a, b = 0x811C9DC5, 0x9747B28C
    units = text.encode("utf-16-le", "surrogatepass")
    for i in range(0, len(units), 2):
        unit = units[i] | units[i + 1] << 8
        a = ((a ^ unit) * 0x01000193) & WORD
        b = ((b ^ unit) * 0x5BD1E995) & WORD
        b ^= b >> 15
    return a, b


class Stream:
    """One stream: `derive` gives another, the rest draws from this one."""

    def __init__(self, k0, k1):
        self.key = (int(k0), int(k1))
        self._counter = 0
        self._kept = None
        self._ahead = (0, np.empty(0, np.uint32), np.empty(0, np.uint32))

    def derive(self, *path):
        """The stream of a path of integers and texts below this one."""
        k0, k1 = self.key
        for element in path:
            if isinstance(element, str):
                a, b = _hashes(element)
                words = block(k0, k1, a, b | 1)  # odd: no integer has an odd second word
            else:
                words = block(k0, k1, element & WORD, (2 * (element >> 32)) & WORD)
            k0, k1 = int(words[0]), int(words[1])
        return Stream(*block(k0, k1, 0x6B657973, 0x64657269))

    def _blocks(self, count):
        """The next blocks. Some are computed ahead, because one at a time is slow."""
        start = self._counter
        first, w0, w1 = self._ahead
        if not (first <= start and start + count <= first + len(w0)):
            length = max(count, min(4096, 2 * max(8, len(w0))))
            numbers = np.arange(start, start + length, dtype=np.uint64)
            w0, w1 = block(*self.key, (numbers & np.uint64(WORD)).astype(np.uint32), (numbers >> np.uint64(32)).astype(np.uint32))
            first = start
            self._ahead = (first, w0, w1)
        self._counter = start + count
        return w0[start - first : start - first + count], w1[start - first : start - first + count]

    def words(self, count):
        """`count` words, two from a block; of an odd count the last word of the last block is dropped."""
        w0, w1 = self._blocks((count + 1) // 2)
        return np.stack([w0, w1], axis=1).reshape(-1)[:count]

    def uniforms(self, count):
        """`count` numbers in [0, 1), with 53 bits, one from a block."""
        w0, w1 = self._blocks(count)
        return ((w0 >> np.uint32(5)).astype(np.float64) * 2.0**26 + (w1 >> np.uint32(6))) / 2.0**53

    def uniform(self):
        return float(self.uniforms(1)[0])

    def _word(self):
        """A single word. The second one of its block is kept for the next call, whatever is drawn in between."""
        if self._kept is not None:
            word, self._kept = self._kept, None
            return word
        w0, w1 = self._blocks(1)
        self._kept = int(w1[0])
        return int(w0[0])

    def below(self, bound):
        """An integer in [0, bound), without bias."""
        while True:
            word = self._word()
            rest = word % bound
            if word - rest + bound <= 1 << 32:
                return rest

    def normals(self, count, stddev=None):
        """`count` normal numbers in float64, by pairs; with `stddev` it is multiplied into the radius."""
        uniforms = self.uniforms(2 * ((count + 1) // 2))
        radius = np.sqrt(-2.0 * log(1.0 - uniforms[0::2]))
        if stddev is not None:
            radius = stddev * radius
        turns = uniforms[1::2]
        return np.stack([radius * cosine_of_turns(turns), radius * sine_of_turns(turns)], axis=1).reshape(-1)[:count]

    def permutation(self, count):
        order = list(range(count))
        for i in range(count - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order

    def batch(self, count, size):
        """`size` of `count` examples without replacement, in the order of the shuffle; all of them, in order, where size >= count."""
        order = list(range(count))
        if size >= count:
            return order
        for i in range(size):
            j = i + self.below(count - i)
            order[i], order[j] = order[j], order[i]
        return order[:size]


def root(seed):
    """The stream that all others of a run come from."""
    return Stream(seed & WORD, (seed >> 32) & WORD).derive("run")
