"""Codec payloads: docs/protocol-codecs.md. Encoders are those of test/vectors/derive.py; here is what reads them."""

import math
import struct

from derive import CODECS, DYNAMIC, blocks, from_bits, kept_count, root, single

NAMES = set(CODECS)


def supported(spec):
    """Settings that derive.py has."""
    name = spec["name"]
    inner = spec.get("values")
    return (name in NAMES and not (name == "fp16" and spec.get("rounding") == "stochastic") and not (name == "terngrad" and spec.get("clip"))
            and (not isinstance(inner, dict) or supported(inner)))


def encode(spec, values, stream, wide):
    """The body, and what a receiver decodes."""
    if spec["name"] == "identity" or not values:
        return struct.pack("<%d%s" % (len(values), "d" if wide else "f"), *values), list(values)
    body, _ = CODECS[spec["name"]](values, stream, wide, spec)
    return body, decode(spec, body, len(values), wide)


def decode(spec, body, d, wide):
    """d numbers; ValueError for what no encoder writes."""
    reader = Reader(body)
    values = DECODERS[spec["name"]](reader, d, wide, spec)
    reader.end()
    values = values if wide else [single(x) for x in values]
    if not all(map(math.isfinite, values)):
        raise ValueError("a number that is not finite")
    return values


class Reader:
    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, n):
        if self.at + n > len(self.body):
            raise ValueError("a body that ends too early")
        self.at += n
        return self.body[self.at - n:self.at]

    def rest(self):
        return self.take(len(self.body) - self.at)

    def numbers(self, code, n):
        return list(struct.unpack("<%d%s" % (n, code), self.take(n * struct.calcsize("<" + code))))

    def scales(self, n):
        scales = self.numbers("f", n)
        if not all(math.isfinite(a) and a >= 0 for a in scales):
            raise ValueError("a scale")
        return scales

    def signs(self, d):
        bits = Bits(self.take((d + 7) // 8))
        signs = [-1.0 if bits.get(1) else 1.0 for _ in range(d)]
        bits.end()
        return signs

    def end(self):
        if self.at != len(self.body):
            raise ValueError("bytes after a body")


class Bits:
    def __init__(self, data):
        self.value, self.left = int.from_bytes(data, "little"), 8 * len(data)

    def get(self, n):
        if n > self.left:
            raise ValueError("bits that end too early")
        result = self.value & ((1 << n) - 1)
        self.value >>= n
        self.left -= n
        return result

    def end(self):
        if self.value or self.left > 7:
            raise ValueError("bits after the last")


def identity(reader, d, wide, spec):
    return reader.numbers("d" if wide else "f", d)


def fp16(reader, d, wide, spec):
    return reader.numbers("e", d)


def bf16(reader, d, wide, spec):
    return [from_bits(h << 16) for h in reader.numbers("H", d)]


def int8_linear(reader, d, wide, spec):
    size = spec.get("block", 256)
    scales, levels = reader.scales(-(-d // size)), reader.numbers("b", d)
    if -128 in levels:
        raise ValueError("level -128")
    return [q * (scales[i // size] / 127) for i, q in enumerate(levels)]


def int8_dynamic(reader, d, wide, spec):
    size = spec.get("block", 2048)
    scales = reader.scales(-(-d // size))
    code = [-m for m in DYNAMIC[127:0:-1]] + DYNAMIC
    return [code[byte] * scales[i // size] for i, byte in enumerate(reader.take(d))]


def scaled_sign(reader, d, wide, spec):
    (m,) = reader.scales(1)
    return [m * s for s in reader.signs(d)]


def one_bit(reader, d, wide, spec):
    p, n = reader.numbers("f", 2)
    if not (0 <= p < math.inf and -math.inf < n <= 0):
        raise ValueError("a mean")
    return [p if s > 0 else n for s in reader.signs(d)]


def natural(reader, d, wide, spec):
    exponents = reader.take(d)
    if 255 in exponents:
        raise ValueError("exponent 255")
    return [s * (2.0 ** (e - 127) if e else 0.0) for e, s in zip(exponents, reader.signs(d))]


def terngrad(reader, d, wide, spec):
    (m,) = reader.scales(1)
    levels = []
    for byte in reader.take(-(-d // 5)):
        count = min(5, d - len(levels))
        if byte >= 3**count:
            raise ValueError("digits")
        levels += [byte // 3**j % 3 - 1 for j in range(count)]
    return [t * m for t in levels]


def qsgd(reader, d, wide, spec):
    size, top = spec.get("bucket", 512), spec.get("levels", 16)
    norms = reader.scales(-(-d // size))
    if spec.get("coding") == "entropy":
        levels = entropy(reader, d, lambda i: norms[i // size] == 0)
    else:
        width = (2 * top).bit_length()
        bits = Bits(reader.take((d * width + 7) // 8))
        levels = [bits.get(width) - top for _ in range(d)]
        bits.end()
    if any(abs(level) > top for level in levels):
        raise ValueError("a level")
    return [level * (norms[i // size] / top) for i, level in enumerate(levels)]


class RangeDecoder:
    def __init__(self, reader):
        self.reader = reader
        self.code, self.range = int.from_bytes(reader.take(4), "big"), 2**32 - 1
        self.odds = [32768] * (17 + 17 * 8)

    def shift(self):
        while self.range < 2**24:
            self.range <<= 8
            self.code = (self.code << 8) | self.reader.take(1)[0]

    def bit(self, context):
        p = self.odds[context]
        bound = (self.range >> 16) * p
        if self.code < bound:
            self.range = bound
            self.odds[context] += (65536 - p) >> 6
            bit = 0
        else:
            self.code -= bound
            self.range -= bound
            self.odds[context] -= p >> 6
            bit = 1
        self.shift()
        return bit

    def plain(self):
        self.range >>= 1
        bit = 1 if self.code >= self.range else 0
        self.code -= self.range * bit
        self.shift()
        return bit


def entropy(reader, d, skipped):
    coder, levels = RangeDecoder(reader), []
    for i in range(d):
        if skipped(i):
            levels.append(0)
            continue
        n = 0
        while n < 16 and coder.bit(n):
            n += 1
        if n == 16 and coder.bit(16):
            raise ValueError("a level of more than 16 bits")
        if n == 0:
            levels.append(0)
            continue
        negative, m, node = coder.plain(), 1, 1
        for _ in range(n - 1):
            if node < 8:
                bit = coder.bit(17 + 8 * n + node)
                node = 2 * node + bit
            else:
                bit = coder.plain()
            m = 2 * m + bit
        levels.append(-m if negative else m)
    return levels


def indices(reader, count, d, inner_bytes):
    """`inner_bytes`: of the kept values, which stand at the end."""
    if count in (0, d):
        return list(range(count))
    bits = Bits(reader.take(len(reader.body) - reader.at - inner_bytes))
    if bits.get(1):
        found = [i for i in range(d) if bits.get(1)]
    else:
        k, found, previous = bits.get(5), [], -1
        for _ in range(count):
            gap = 0
            while bits.get(1):
                gap += 1
            previous += 1 + (gap << k | bits.get(k))
            found.append(previous)
    bits.end()
    if len(found) != count or found[-1] >= d:
        raise ValueError("indices")
    return found


def kept(reader, count, d, wide, spec):
    inner = spec.get("values") or {"name": "identity"}
    sizes = {"identity": 8 if wide else 4, "fp16": 2, "bf16": 2}
    if inner["name"] not in sizes:
        raise ValueError("values in " + inner["name"])
    size = count * sizes[inner["name"]]
    if len(reader.body) - reader.at < size:
        raise ValueError("values are missing")
    found = indices(reader, count, d, size)
    values = DECODERS[inner["name"]](reader, count, wide, inner)
    result = [0.0] * d
    for i, x in zip(found, values):
        result[i] = x
    return result


def top_k(reader, d, wide, spec):
    return kept(reader, kept_count(d, spec), d, wide, spec)


def threshold(reader, d, wide, spec):
    (count,) = reader.numbers("I", 1)
    if count > d:
        raise ValueError("a count")
    return kept(reader, count, d, wide, spec)


def random_k(reader, d, wide, spec):
    seed, k = reader.numbers("I", 2), kept_count(d, spec)
    t = d - k if k > d / 2 else k
    draws, marked, size = root(0).derive("random subset", *seed), set(), max(16, min(4096, t))
    while len(marked) < t:
        for w in draws.words(size):
            if len(marked) < t and w < 2**32 // d * d:
                marked.add(w % d)
    result = [0.0] * d
    for i, x in zip([i for i in range(d) if (i in marked) != (k > d / 2)], identity(reader, k, wide, spec)):
        result[i] = x
    return result


DECODERS = {
    "identity": identity, "fp16": fp16, "bf16": bf16, "int8-linear": int8_linear, "int8-dynamic": int8_dynamic,
    "scaled-sign": scaled_sign, "one-bit": one_bit, "natural": natural, "terngrad": terngrad, "qsgd": qsgd,
    "top-k": top_k, "threshold": threshold, "random-k": random_k,
}
