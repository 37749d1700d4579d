"""Codec payloads: docs/protocol-codecs.md. Encoders are those of test/vectors/derive.py; here is what reads them."""

import math
import struct

from derive import CODECS, DYNAMIC, blocks, from_bits, kept_count, root, scale_of, single

NAMES = set(CODECS)
NONE = {"codec": {"name": "identity"}, "memory": None, "scope": "vector"}


DEFAULTS = {
    "fp16": {"rounding": "nearest"}, "bf16": {"rounding": "nearest"}, "terngrad": {"clip": None}, "int8-dynamic": {"block": 2048},
    "int8-linear": {"block": 256, "rounding": "nearest"}, "qsgd": {"levels": 16, "bucket": 512, "norm": "l2", "coding": "fixed"},
    "top-k": {"fraction": 0.01, "count": None, "values": "identity"}, "threshold": {"absolute": 0.001, "values": "identity"},
    "random-k": {"fraction": 0.01, "count": None, "scaled": True},
}


def whole(spec):
    """With every setting: one inside another may lack some, or be a name alone."""
    spec = {"name": spec} if isinstance(spec, str) else spec
    spec = {**DEFAULTS.get(spec["name"], {}), **spec}
    if "ladder" in spec:
        spec["ladder"] = [whole(inner) for inner in spec["ladder"]]
    if "values" in spec:
        spec["values"] = whole(spec["values"])
    return spec


def supported(spec):
    """Settings that derive.py has."""
    spec = whole(spec)
    name = spec["name"]
    if name == "adaptive":
        return all(map(supported, spec["ladder"]))
    return name in NAMES and ("values" not in spec or supported(spec["values"]))


class Coder:
    """The codec of a kind: `entry` of the scenario. `segments`: lengths of the model's tensors, in order."""

    def __init__(self, entry, segments, wide):
        self.spec, self.memory, self.wide = whole(entry["codec"]), entry["memory"], wide
        self.segments = segments if entry["scope"] == "tensor" else None
        self.adaptive = self.spec["name"] == "adaptive"
        self.is_none = self.spec["name"] == "identity" and self.memory is None

    def parts(self, length):
        """Tensors, each begun with its length where its codec has no fixed size."""
        return self.segments if sum(self.segments) == length else [length]

    def used(self, level):
        return self.spec["ladder"][level] if self.adaptive else self.spec

    def encode(self, values, stream, level=0):
        """The body, and what a receiver decodes."""
        spec = self.used(level)
        if self.segments is None:
            body, decoded = encode(spec, values, stream, self.wide)
        else:
            body, decoded, at = b"", [], 0
            for j, n in enumerate(self.parts(len(values))):
                part, c = encode(spec, values[at:at + n], stream.derive("segment", j), self.wide)
                body += part if size_of(spec, n, self.wide) is not None else struct.pack("<I", len(part)) + part
                decoded, at = decoded + c, at + n
        return body + (bytes([level]) if self.adaptive else b""), decoded

    def decode(self, d, body):
        """d numbers; ValueError for what no encoder writes."""
        level = 0
        if self.adaptive:
            if not body or body[-1] >= len(self.spec["ladder"]):
                raise ValueError("the index of a codec")
            level, body = body[-1], body[:-1]
        spec = self.used(level)
        if self.segments is None:
            return decode(spec, body, d, self.wide)
        reader, values = Reader(body), []
        for n in self.parts(d):
            size = size_of(spec, n, self.wide)
            values += decode(spec, reader.take(reader.numbers("I", 1)[0] if size is None else size), n, self.wide)
        reader.end()
        return values

    def compression_variance(self, level, p, c):
        """Of what was encoded as this: expected, or what it was."""
        spec, total, at = self.used(level), 0.0, 0
        for n in [len(p)] if self.segments is None else self.parts(len(p)):
            total += expected_error(spec, p[at:at + n], c[at:at + n])
            at += n
        return total


def expected_error(spec, p, c):
    name, d = spec["name"], len(p)
    if name in ("top-k", "threshold") and has_expectation(spec["values"]):
        keep = kept_by_size(p, kept_count(d, spec)) if name == "top-k" else [abs(x) > spec["absolute"] for x in p]
        kept = [x for x, k in zip(p, keep) if k]
        return sum(x * x for x, k in zip(p, keep) if not k) + expected_error(spec["values"], kept, kept)
    if not has_expectation(spec):
        return sum((a - b) ** 2 for a, b in zip(c, p))
    if name == "random-k":
        k = kept_count(d, spec)
        return (d - k) / (k if spec["scaled"] else d) * sum(x * x for x in p) if d else 0.0
    if name == "terngrad":
        m = max(map(abs, p), default=0.0)
        return sum(abs(x) * (m - abs(x)) for x in p)
    total = 0.0
    for x, (share, step) in zip(p, steps(spec, p)):
        total += share * (1 - share) * step * step
    return total


def kept_by_size(p, k):
    order = sorted(range(len(p)), key=lambda i: (-abs(p[i]), i))[:k]
    return [i in order for i in range(len(p))]


def has_expectation(spec):
    return spec["name"] in ("qsgd", "natural", "terngrad", "random-k") or spec.get("rounding") == "stochastic"


def steps(spec, p):
    """Of each entry: the fraction of it above the number below, in steps, and the step."""
    name = spec["name"]
    if name in ("fp16", "bf16"):
        for x in p:
            least, bits = (-14, 10) if name == "fp16" else (-126, 7)
            q = 2.0 ** (max(math.frexp(x)[1] - 1 if x else least, least) - bits)
            yield abs(x) / q % 1, q
    elif name == "natural":
        for x in p:
            u = 2.0 ** max(math.frexp(x)[1] - 1, -126) if x else 2.0**-126
            yield abs(x) / u - (0 if abs(x) < 2.0**-126 else 1), u
    else:
        size, top = (spec["bucket"], spec["levels"]) if name == "qsgd" else (spec["block"], 127)
        for block in blocks(p, size):
            largest = max(map(abs, block))
            scale = scale_of(largest if name != "qsgd" or spec["norm"] == "max" else norm2(block, largest))
            for x in block:
                z = 0.0 if scale == 0 else top * (abs(x) / scale) if name == "qsgd" else x / scale * 127
                yield z - math.floor(z), scale / top


def norm2(block, largest):
    total = 0.0
    for x in block:
        total += x * x
    if 1e-200 < total < 1e200 or largest == 0:
        return math.sqrt(total)
    total = 0.0
    for x in block:
        total += (x / largest) ** 2
    return largest * math.sqrt(total)


def size_of(spec, d, wide):
    """Bytes of a body of d numbers; None: they differ."""
    name, number = spec["name"], 8 if wide else 4
    if name == "random-k":
        return 8 + kept_count(d, spec) * number if d else 0
    if name in ("top-k", "threshold", "adaptive") or spec.get("coding") == "entropy":
        return None
    scales = -(-d // (spec.get("block") or spec.get("bucket") or 1)) * 4
    signs = -(-d // 8)
    return {"identity": number * d, "fp16": 2 * d, "bf16": 2 * d, "int8-linear": scales + d, "int8-dynamic": scales + d,
            "scaled-sign": 4 + signs, "one-bit": 8 + signs, "natural": d + signs, "terngrad": 4 + -(-d // 5),
            "qsgd": scales + -(-d * (2 * spec.get("levels", 16)).bit_length() // 8)}[name]


def encode(spec, values, stream, wide):
    """The body, and what a receiver decodes. ValueError for NaN and infinities, which no codec sends."""
    if not all(map(math.isfinite, values)):
        raise ValueError("a vector that is not finite")
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


def indices(reader, count, d):
    if count in (0, d):
        return list(range(count))
    bits = Bits(reader.body[reader.at:])
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
    if bits.get(bits.left % 8):
        raise ValueError("bits after the last")
    reader.at = len(reader.body) - bits.left // 8
    if len(found) != count or found[-1] >= d:
        raise ValueError("indices")
    return found


def kept(reader, count, d, wide, spec):
    inner = spec["values"]
    found = indices(reader, count, d)
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
