"""The adaptive range coder of qsgd's levels: bits cost what their context has come to expect of them."""

from refusals import malformed

_TOP = 1 << 24
_WORD = 0xFFFFFFFF
_LARGEST_LENGTH = 16  # bits of a magnitude; contexts of the length are 0 ... 16


class _Contexts:
    """Probabilities of a 0, in 65536ths, each moved by every bit that it has predicted."""

    def __init__(self):
        self.p = [32768] * (17 + 8 * 17)

    def seen(self, context, bit):
        if bit:
            self.p[context] -= self.p[context] >> 6
        else:
            self.p[context] += (65536 - self.p[context]) >> 6


class Encoder:
    def __init__(self):
        self._low, self._range, self._out = 0, _WORD, bytearray()
        self._contexts = _Contexts()

    def bit(self, context, bit):
        bound = (self._range >> 16) * self._contexts.p[context]
        self._contexts.seen(context, bit)
        if bit:
            self._low += bound
            self._range -= bound
        else:
            self._range = bound
        self._normalize()

    def plain(self, bit):
        self._range >>= 1
        if bit:
            self._low += self._range
        self._normalize()

    def _normalize(self):
        while self._range < _TOP:
            self._range = (self._range << 8) & _WORD
            self._shift()

    def _shift(self):
        top = self._low >> 24
        if top > 255:  # a carry into the bytes that have left
            i = len(self._out) - 1
            while self._out[i] == 255:
                self._out[i] = 0
                i -= 1
            self._out[i] += 1
        self._out.append(top & 255)
        self._low = (self._low << 8) & _WORD

    def finish(self):
        for _ in range(4):  # the fifth byte of the text is the leading 0, which is never made here
            self._shift()
        return bytes(self._out)


class Decoder:
    def __init__(self, body):
        self._body, self._at, self._range, self._code = body, 0, _WORD, 0
        self._contexts = _Contexts()
        for _ in range(4):
            self._code = self._code << 8 | self._byte()

    def _byte(self):
        if self._at >= len(self._body):
            raise malformed("coded levels end too early")
        self._at += 1
        return self._body[self._at - 1]

    def bit(self, context):
        bound = (self._range >> 16) * self._contexts.p[context]
        bit = self._code >= bound
        self._contexts.seen(context, bit)
        if bit:
            self._code -= bound
            self._range -= bound
        else:
            self._range = bound
        self._normalize()
        return int(bit)

    def plain(self):
        self._range >>= 1
        bit = self._code >= self._range
        if bit:
            self._code -= self._range
        self._normalize()
        return int(bit)

    def _normalize(self):
        while self._range < _TOP:
            self._range <<= 8
            self._code = (self._code << 8) | self._byte()

    def finish(self):
        # An encoder leaves its `low` as the last bytes: nothing remains above it.
        if self._at != len(self._body) or self._code != 0:
            raise malformed("bytes after the coded levels")


def encode_levels(levels):
    """The coded bytes of signed levels."""
    coder = Encoder()
    for level in levels.tolist():
        magnitude = abs(level)
        length = magnitude.bit_length()
        for n in range(length):
            coder.bit(n, 1)
        coder.bit(length, 0)
        if length == 0:
            continue
        coder.plain(1 if level < 0 else 0)
        node = 1
        for i in range(length - 2, -1, -1):
            bit = (magnitude >> i) & 1
            if node < 8:
                coder.bit(17 + 8 * length + node, bit)
                node = 2 * node + bit
            else:
                coder.plain(bit)
    return coder.finish()


def decode_levels(body, count, top):
    """`count` signed levels of at most `top`."""
    coder = Decoder(body)
    levels = []
    for _ in range(count):
        length = 0
        while coder.bit(length):
            length += 1
            if length > _LARGEST_LENGTH:
                raise malformed("a coded level that is too long")
        if length == 0:
            levels.append(0)
            continue
        negative = coder.plain()
        magnitude, node = 1, 1
        for _ in range(length - 1):
            if node < 8:
                bit = coder.bit(17 + 8 * length + node)
                node = 2 * node + bit
            else:
                bit = coder.plain()
            magnitude = 2 * magnitude + bit
        if magnitude > top:
            raise malformed("a coded level beyond the last")
        levels.append(-magnitude if negative else magnitude)
    coder.finish()
    return levels
