"""Derives the test vectors from docs/protocol*.md: plain Python, none of this project's code.

Usage: python3 derive.py    writes streams.json, codecs.json, runs.json and messages.json beside itself.
"""

import base64
import hashlib
import hmac
import json
import math
import os
import struct
import zlib

M = 0xFFFFFFFF


def rotl(x, r):
    return ((x << r) | (x >> (32 - r))) & M


def block(k0, k1, c0, c1):
    k = [k0, k1, k0 ^ k1 ^ 0x1BD11BDA]
    x, y = (c0 + k0) & M, (c1 + k1) & M
    for g in range(5):
        for r in (13, 15, 26, 6) if g % 2 == 0 else (17, 29, 16, 24):
            x = (x + y) & M
            y = rotl(y, r) ^ x
        x = (x + k[(g + 1) % 3]) & M
        y = (y + k[(g + 2) % 3] + g + 1) & M
    return x, y


def hashes(text):
    a, b = 0x811C9DC5, 0x9747B28C
    units = text.encode("utf-16-le")
    for (u,) in struct.iter_unpack("<H", units):
        a = ((a ^ u) * 0x01000193) & M
        b = ((b ^ u) * 0x5BD1E995) & M
        b ^= b >> 15
    return a, b


A, B = 6.9314718036912381649e-1, 1.90821492927058770002e-10
L = [6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
     1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1]
S = [-1.66666666666666324348e-1, 8.33333333332248946124e-3, -1.98412698298579493134e-4, 2.75573137070700676789e-6,
     -2.50507602534068634195e-8, 1.58969099521155010221e-10]
C = [4.16666666666666019037e-2, -1.38888888888741095749e-3, 2.48015872894767294178e-5, -2.75573143513906633035e-7,
     2.0875723212981748279e-9, -1.13596475577881948265e-11]
P = [1.66666666666666019037e-1, -2.77777777770155933842e-3, 6.61375632143793436117e-5, -1.6533902205465251539e-6,
     4.13813679705723846039e-8]


def horner(coefficients, z):
    result = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        result = c + z * result
    return result


def log(x):
    k = 0
    if x < 2.0**-1022:
        x *= 2.0**54
        k = -54
    (bits,) = struct.unpack("<Q", struct.pack("<d", x))
    h, low = bits >> 32, bits & M
    k += (h >> 20) - 1023
    h &= 0xFFFFF
    i = (h + 0x95F64) & 0x100000
    (x,) = struct.unpack("<d", struct.pack("<Q", ((h | (i ^ 0x3FF00000)) << 32) | low))
    k += i >> 20
    f = x - 1
    s = f / (2 + f)
    z = s * s
    r = z * horner(L, z)
    q = 0.5 * f * f
    return k * A - ((q - (s * (q + r) + k * B)) - f)


def log1p(x):
    u = 1 + x
    return x if u == 1 else log(u) * x / (u - 1)


def exp(x):
    k = math.floor(1.4426950408889634 * x + 0.5)
    hi = x - k * A
    lo = k * B
    r = hi - lo
    t = r * r
    c = r - t * horner(P, t)
    return math.ldexp(1 - ((lo - (r * c) / (2 - c)) - hi), k)


def turns(t):
    """cos(2 pi t), sin(2 pi t)"""
    q = math.floor(4 * t + 0.5)
    a = (t - q / 4) * 6.283185307179586
    z = a * a
    s = a + (a * z) * horner(S, z)
    c = 1 - (0.5 * z - z * (z * horner(C, z)))
    return ((c, s), (-s, c), (-c, -s), (s, -c))[q % 4]


class Stream:
    def __init__(self, k0, k1):
        self.key = (k0, k1)
        self.counter = 0
        self.kept = None

    def derive(self, *path):
        k0, k1 = self.key
        for e in path:
            if isinstance(e, str):
                a, b = hashes(e)
                k0, k1 = block(k0, k1, a, b | 1)
            else:
                k0, k1 = block(k0, k1, e % 2**32, 2 * (e // 2**32))
        return Stream(*block(k0, k1, 0x6B657973, 0x64657269))

    def next(self):
        n = self.counter
        self.counter += 1
        return block(*self.key, n % 2**32, n // 2**32)

    def uniform(self):
        w0, w1 = self.next()
        return ((w0 >> 5) * 2**26 + (w1 >> 6)) / 2.0**53

    def words(self, n):
        result = []
        while len(result) < n:
            result += self.next()
        return result[:n]

    def word(self):
        if self.kept is not None:
            w, self.kept = self.kept, None
            return w
        w, self.kept = self.next()
        return w

    def below(self, m):
        while True:
            w = self.word()
            r = w % m
            if w - r + m <= 2**32:
                return r

    def normal(self, n):
        result = []
        while len(result) < n:
            radius = math.sqrt(-2 * log(1 - self.uniform()))
            c, s = turns(self.uniform())
            result += [radius * c, radius * s]
        return result[:n]

    def permutation(self, n):
        p = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            p[i], p[j] = p[j], p[i]
        return p

    def batch(self, n, b):
        p = list(range(n))
        if b >= n:
            return p
        for i in range(b):
            j = i + self.below(n - i)
            p[i], p[j] = p[j], p[i]
        return p[:b]

    def poisson(self, n, p):
        if p == 0:
            return []
        if p == 1:
            return list(range(n))
        chosen, i = [], -1
        while True:
            i += 1 + math.floor(log(1 - self.uniform()) / log1p(-p))
            if i >= n:
                return chosen
            chosen.append(i)


def root(seed):
    return Stream(seed % 2**32, seed // 2**32).derive("run")


def double_hex(x):
    return struct.pack(">d", x).hex()


def word_hex(w):
    return "%08x" % w


PATHS = [
    (0, [], "the root of seed 0"),
    (1, [["party", 3], ["round", 7]], "client 3 in round 7"),
    (1, [["party", "coordinator"], ["round", 7]], "the coordinator in the same round"),
    (1, [["party", 3, "init"]], "client 3's init"),
    (1, [["party", 3], ["round", 7], ["codec", "update", "delta", 0, 0]], "coins of its update"),
    (1, [["shared", 2]], "what all parties share in round 2"),
    (1, [["edge", "drop", 0, "coordinator", 4, 1, 0, 0]], "the network model of one frame"),
    (9007199254740991, [["party", 0], ["round", 4294967296]], "the largest seed, a round beyond 32 bits"),
    (5, [[7]], "the number 7"),
    (5, [["7"]], "the text 7"),
    (5, [["a", "b"]], "one derivation of two elements"),
    (5, [["a"], ["b"]], "two derivations of one element"),
    (5, [["\u00e4\U0001f41d"]], "code units beyond ASCII and beyond 16 bits"),
]


def at(seed, derivations):
    stream = root(seed)
    for path in derivations:
        stream = stream.derive(*path)
    return stream


def streams():
    here = (42, [["party", 1], ["round", 0]])
    draws = []

    def draw(meaning, calls, seed_path=here):
        stream = at(*seed_path)
        results = []
        for name, *arguments in calls:
            value = getattr(stream, name)(*arguments)
            if name == "uniform":
                value = double_hex(value)
            if name == "normal":
                value = [double_hex(x) for x in value]
            if name == "words":
                value = [word_hex(w) for w in value]
            results.append({"call": name, "arguments": arguments, "result": value})
        draws.append({"meaning": meaning, "seed": seed_path[0], "path": seed_path[1], "calls": results})

    draw("uniforms: 53 bits of a block each", [["uniform"]] * 4)
    draw("words: two a block; the second call begins a new block", [["words", 3], ["words", 2]])
    draw("below: the two words of a block after each other; 2^32 - 1 draws again rarely",
         [["below", 10], ["below", 10], ["below", 1], ["below", 4294967296], ["below", 4294967295], ["below", 3000000000]])
    draw("below with many rejections: nearly half of all words", [["below", 2147483649]] * 8)
    draw("a kept word stays kept while others draw", [["below", 100], ["uniform"], ["words", 1], ["below", 100]])
    draw("normals by Box-Muller, cosine first; an odd length drops the last sine", [["normal", 5], ["normal", 2]])
    draw("many normals, so that every quarter turn occurs", [["normal", 40]])
    draw("a permutation of 12", [["permutation", 12], ["permutation", 1], ["permutation", 0]])
    draw("batches: in the order of the shuffle; all of the shard draws nothing",
         [["batch", 10, 4], ["batch", 3, 3], ["batch", 3, 8], ["batch", 1000, 5]])
    draw("Poisson samples", [["poisson", 100, 0.1], ["poisson", 20, 0.9], ["poisson", 5, 1], ["poisson", 5, 0]])

    def table(function, values):
        return [{"x": double_hex(x), "result": double_hex(function(x))} for x in values]

    points = [2.0**-1074, 2.0**-1022, 1e-9, 0.1, 0.5, 0.7071067811865475, 0.7071067811865476, 0.999, 1.0, 1.001, 2.0, 3.3, 1e10, 1e300]
    return {
        "about": "Random streams: derived by derive.py from docs/protocol-streams.md, never by the code under test. "
                 "Floating-point numbers as 16 hexadecimal digits of the IEEE 754 double, most significant first.",
        "blocks": [{"key": [word_hex(a), word_hex(b)], "counter": [word_hex(c), word_hex(d)],
                    "block": [word_hex(w) for w in block(a, b, c, d)]}
                   for a, b, c, d in [(0, 0, 0, 0), (M, M, M, M), (0x13198A2E, 0x03707344, 0x243F6A88, 0x85A308D3)]],
        "derivations": [{"meaning": meaning, "seed": seed, "path": path, "words": [word_hex(w) for w in at(seed, path).words(4)]}
                        for seed, path, meaning in PATHS],
        "draws": draws,
        "functions": {
            "log": table(log, points),
            "log1p": table(log1p, [-0.9, -0.1, -1e-5, -1e-17, 0.5]),
            "exp": table(exp, [-700.0, -1.5, -0.3, 0.0, 1e-9, 0.3, 1.0, 20.0, 700.0]),
            "cosineOfTurns": table(lambda t: turns(t)[0], [0.0, 0.1, 0.125, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1 - 2.0**-53]),
            "sineOfTurns": table(lambda t: turns(t)[1], [0.0, 0.1, 0.125, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1 - 2.0**-53]),
        },
    }


def single(x):
    """The nearest float32."""
    return struct.unpack("<f", struct.pack("<f", x))[0]


def single_bits(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def from_bits(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def scale_of(x):
    """The least float32 that is not below x >= 0."""
    f = single(x)
    return from_bits(single_bits(f) + 1) if f < x else f


class Coins:
    def __init__(self, stream):
        w = stream.words(16)
        self.lanes = [[w[4 * i + j] for i in range(4)] for j in range(4)]
        for lane in self.lanes:
            if not any(lane):
                lane[0] = 1
        self.ready = []

    def take(self, n):
        """Coin n; they are made in order."""
        while len(self.ready) <= n:
            for lane in self.lanes:
                a, b, c, e = lane
                self.ready.append((rotl((a + e) & M, 7) + a) & M)
                t = (b << 9) & M
                c ^= a
                e ^= b
                b ^= c
                a ^= e
                c ^= t
                lane[:] = a, b, c, rotl(e, 11)
        return self.ready[n]


class Bits:
    def __init__(self):
        self.bits = []

    def put(self, value, count):
        self.bits += [(value >> i) & 1 for i in range(count)]

    def bytes(self):
        result = bytearray((len(self.bits) + 7) // 8)
        for i, bit in enumerate(self.bits):
            result[i // 8] |= bit << (i % 8)
        return bytes(result)


def negative(x):
    return math.copysign(1.0, x) < 0


def signs(values):
    bits = Bits()
    for x in values:
        bits.put(1 if negative(x) else 0, 1)
    return bits.bytes()


def blocks(values, size):
    return [values[i:i + size] for i in range(0, len(values), size)]


def floats(values):
    return b"".join(struct.pack("<f", x) for x in values)


def half(x, fraction, least, largest):
    """The nearest pattern of a 16-bit format, ties to even, and its number."""
    m = min(abs(x), largest)
    exponent = max(math.frexp(m)[1] - 1, least) if m > 0 else least
    q = 2.0 ** (exponent - fraction)
    units = round(m / q)  # Python rounds ties to even
    m = min(units * q, largest)
    pattern = 0
    if m > 0:
        exponent = math.frexp(m)[1] - 1
        if exponent < least:
            pattern = int(m / 2.0 ** (least - fraction))
        else:
            pattern = ((exponent - least + 1) << fraction) + int(m / 2.0 ** (exponent - fraction)) - (1 << fraction)
    return pattern | (0x8000 if negative(x) else 0), math.copysign(m, x)


BF16_LARGEST = from_bits(0x7F7F0000)


def halves(values, *format):
    pairs = [half(x, *format) for x in values]
    return b"".join(struct.pack("<H", p) for p, _ in pairs), [x for _, x in pairs]


def half_at_random(x, coin, fraction, least):
    """The pattern of a 16-bit format below or above, and its number."""
    m = abs(x)
    exponent = max(math.frexp(m)[1] - 1, least) if m > 0 else least
    q = 2.0 ** (exponent - fraction)
    up = (m / q - math.floor(m / q)) * 2.0**32 > coin
    # What is a multiple of the spacing is not rounded.
    return half(math.copysign((math.floor(m / q) + up) * q, x), fraction, least, math.inf)


def fp16(values, stream, wide, settings):
    if settings.get("rounding") != "stochastic":
        return halves(values, 10, -14, 65504.0)
    coins = Coins(stream)
    pairs = [half_at_random(x, coins.take(i), 10, -14) for i, x in enumerate(values)]
    return b"".join(struct.pack("<H", p) for p, _ in pairs), [x for _, x in pairs]


def bf16(values, stream, wide, settings):
    if settings.get("rounding") != "stochastic":
        return halves(values, 7, -126, BF16_LARGEST)
    coins, patterns = Coins(stream), []
    for i, x in enumerate(values):
        coin = coins.take(i // 2) >> (16 * (i % 2)) & 0xFFFF
        patterns.append((single_bits(x) + coin) >> 16)
    return b"".join(struct.pack("<H", p) for p in patterns), [from_bits(p << 16) for p in patterns]


def identity(values, stream, wide, settings):
    return (b"".join(struct.pack("<d", x) for x in values) if wide else floats(values)), list(values)


def int8_linear(values, stream, wide, settings):
    size = settings.get("block", 256)
    coins = Coins(stream) if settings.get("rounding") == "stochastic" else None
    scales = [scale_of(max(abs(x) for x in b)) for b in blocks(values, size)]
    levels = []
    for i, x in enumerate(values):
        a = scales[i // size]
        coin = coins.take(i) if coins else 0
        if a == 0:
            levels.append(0)
        elif coins:
            levels.append(math.trunc((x * (127 / a) + 127) + coin * 2.0**-32) - 127)
        else:
            levels.append(math.trunc(x * (127 / a) + 128.5) - 128)
    return floats(scales) + struct.pack("%db" % len(levels), *levels), [q * (scales[i // size] / 127) for i, q in enumerate(levels)]


DYNAMIC = [0.0] + [(0.1 + (0.9 * (j + 0.5)) / 2**i) * 10.0 ** (i - 6) for i in range(7) for j in range(2**i)] + [1.0]


def int8_dynamic(values, stream, wide, settings):
    size = settings.get("block", 2048)
    scales = [scale_of(max(abs(x) for x in b)) for b in blocks(values, size)]
    body, decoded = [], []
    for i, x in enumerate(values):
        a = scales[i // size]
        if a == 0:
            body.append(127)
            decoded.append(0.0)
            continue
        ratio = x * (1 / a)
        top = 127 if ratio < 0 else 128
        m = min(range(top + 1), key=lambda j: (abs(DYNAMIC[j] - abs(ratio)), j))
        body.append(127 - m if ratio < 0 else 127 + m)
        decoded.append((-DYNAMIC[m] if ratio < 0 and m > 0 else DYNAMIC[m]) * a)
    return floats(scales) + bytes(body), decoded


def scaled_sign(values, stream, wide, settings):
    full = len(values) // 8 * 8
    s = [0.0] * 8
    for i in range(full):
        s[i % 8] += abs(values[i])
    total = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
    for x in values[full:]:
        total += abs(x)
    m = single(total / len(values))
    return floats([m]) + signs(values), [-m if negative(x) else m for x in values]


def one_bit(values, stream, wide, settings):
    above = below = 0.0
    for x in values:
        above += x + abs(x)
        below += x - abs(x)
    count = sum(negative(x) for x in values)
    p = single(above / 2 / (len(values) - count)) if count < len(values) else 0.0
    n = single(below / 2 / count) if count else 0.0
    return floats([p, n]) + signs(values), [n if negative(x) else p for x in values]


def natural(values, stream, wide, settings):
    coins, exponents = Coins(stream), []
    for i, x in enumerate(values):
        coin = coins.take(i)
        if wide:
            m = abs(x)
            e = math.frexp(m)[1] - 1 + 127 if m >= 2.0**-126 else 0
            share = m / 2.0 ** (e - 127) - 1 if e else m / 2.0**-126
            exponents.append(e + (share * 2.0**32 > coin))
        else:
            exponents.append((single_bits(abs(x)) + (coin >> 9)) >> 23)
    return bytes(exponents) + signs(values), [math.copysign(2.0 ** (e - 127) if e else 0.0, x) for e, x in zip(exponents, values)]


def grid_level(x, unit, top, coin):
    inverse = 1 / unit if unit > 0 else 0
    level = math.floor(min(abs(x) * inverse + coin * 2.0**-32, top))
    return -level if x < 0 else level


def terngrad(values, stream, wide, settings):
    largest = max(abs(x) for x in values)
    clip = settings.get("clip")
    if clip is not None and largest > 0:
        mean = square = 0.0
        for x in values:
            mean += x / largest
            square += x / largest * (x / largest)
        mean, square = mean / len(values), square / len(values)
        deviation = math.sqrt(max(0.0, square - mean * mean))
        if deviation > 0:
            largest = min(largest, clip * deviation * largest)
    m = scale_of(largest)
    coins = Coins(stream)
    levels = [grid_level(x, m, 1, coins.take(i)) for i, x in enumerate(values)]
    body = bytes(sum((t + 1) * 3**j for j, t in enumerate(five)) for five in blocks(levels, 5))
    return floats([m]) + body, [t * m for t in levels]


class RangeCoder:
    def __init__(self):
        self.low, self.range = 0, 2**32 - 1
        self.shifts = 0
        self.odds = [32768] * (17 + 17 * 8)

    def shift(self):
        while self.range < 2**24:
            # low keeps all digits, so a carry needs no thought.
            self.range <<= 8
            self.low <<= 8
            self.shifts += 1

    def bit(self, context, bit):
        p = self.odds[context]
        bound = (self.range >> 16) * p
        if bit == 0:
            self.range = bound
            self.odds[context] += (65536 - p) >> 6
        else:
            self.low += bound
            self.range -= bound
            self.odds[context] -= p >> 6
        self.shift()

    def plain(self, bit):
        self.range >>= 1
        if bit:
            self.low += self.range
        self.shift()

    def finish(self):
        # 32 bits and 8 a shift: the five bytes at the end leave, and the first of all, 0, is not sent.
        return self.low.to_bytes(self.shifts + 4, "big")


def entropy(levels, skipped):
    coder = RangeCoder()
    for i, level in enumerate(levels):
        if skipped(i):
            continue
        m = abs(level)
        n = m.bit_length()
        for j in range(n):
            coder.bit(j, 1)
        coder.bit(n, 0)
        if n == 0:
            continue
        coder.plain(1 if level < 0 else 0)
        node = 1
        for shift in range(n - 2, -1, -1):
            bit = (m >> shift) & 1
            if node < 8:
                coder.bit(17 + 8 * n + node, bit)
                node = 2 * node + bit
            else:
                coder.plain(bit)
    return coder.finish()


def qsgd(values, stream, wide, settings):
    size, top = settings.get("bucket", 512), settings.get("levels", 16)
    norms = []
    for b in blocks(values, size):
        total = 0.0
        for x in b:
            total += x * x
        norms.append(scale_of(max(abs(x) for x in b) if settings.get("norm") == "max" else math.sqrt(total)))
    coins = Coins(stream)
    levels = [grid_level(x, norms[i // size] / top, top, coins.take(i)) for i, x in enumerate(values)]
    if settings.get("coding") == "entropy":
        body = entropy(levels, lambda i: norms[i // size] == 0)
    else:
        bits = Bits()
        for level in levels:
            bits.put(level + top, (2 * top).bit_length())
        body = bits.bytes()
    return floats(norms) + body, [level * (norms[i // size] / top) for i, level in enumerate(levels)]


def kept_count(d, settings):
    if settings.get("count") is not None:
        return min(settings["count"], d)
    return min(d, math.ceil(settings.get("fraction", 0.01) * d * (1 - 1e-12)))


def index_bits(indices, d):
    if len(indices) in (0, d):
        return b""
    gaps = [i - p - 1 for p, i in zip([-1] + indices[:-1], indices)]
    c, ratio = 0, 0.69 * d / len(indices)
    while ratio >= math.sqrt(2):
        ratio /= 2
        c += 1
    best, least = None, 1 + d
    for k in range(max(0, c - 1), c + 2):
        cost = 6 + sum((g >> k) + k + 1 for g in gaps)
        if cost < least:
            best, least = k, cost
    bits = Bits()
    if best is None:
        bits.put(1, 1)
        for i in range(d):
            bits.put(1 if i in indices else 0, 1)
    else:
        bits.put(0, 1)
        bits.put(best, 5)
        for g in gaps:
            for _ in range(g >> best):
                bits.put(1, 1)
            bits.put(0, 1)
            bits.put(g & ((1 << best) - 1), best)
    return bits.bytes()


def scattered(indices, kept, d):
    result = [0.0] * d
    for i, x in zip(indices, kept):
        result[i] = x
    return result


def nested(values, indices, stream, wide, settings):
    inner = settings.get("values", {"name": "identity"})
    return CODECS[inner["name"]]([values[i] for i in indices], stream, wide, inner)


def top_k(values, stream, wide, settings):
    d = len(values)
    indices = sorted(sorted(range(d), key=lambda i: (-abs(values[i]), i))[:kept_count(d, settings)])
    body, kept = nested(values, indices, stream, wide, settings)
    return index_bits(indices, d) + body, scattered(indices, kept, d)


def threshold(values, stream, wide, settings):
    indices = [i for i, x in enumerate(values) if abs(x) > settings.get("absolute", 0.001)]
    body, kept = nested(values, indices, stream, wide, settings)
    return struct.pack("<I", len(indices)) + index_bits(indices, len(values)) + body, scattered(indices, kept, len(values))


def random_k(values, stream, wide, settings):
    d = len(values)
    k = kept_count(d, settings)
    seed = stream.words(2)
    t = d - k if k > d / 2 else k
    draws, marked = root(0).derive("random subset", *seed), set()
    size = max(16, min(4096, t))
    while len(marked) < t:
        for w in draws.words(size):
            if len(marked) < t and w < 2**32 // d * d:
                marked.add(w % d)
    indices = [i for i in range(d) if (i in marked) != (k > d / 2)]
    factor = d / k if settings.get("scaled", True) else 1
    kept = [values[i] * factor for i in indices]
    if not wide:
        kept = [single(x) for x in kept]
    return struct.pack("<II", *seed) + identity(kept, stream, wide, {})[0], scattered(indices, kept, d)


CODECS = {
    "identity": identity, "fp16": fp16, "bf16": bf16, "int8-linear": int8_linear, "int8-dynamic": int8_dynamic,
    "scaled-sign": scaled_sign, "one-bit": one_bit, "natural": natural, "terngrad": terngrad, "qsgd": qsgd,
    "top-k": top_k, "threshold": threshold, "random-k": random_k,
}


def memory_case(memory, spec, wide):
    """Four messages of one memory; the third is lost."""
    rounded = (lambda values: list(values)) if wide else (lambda values: [single(x) for x in values])
    d, messages = 5, []
    state = {"error-feedback": {"error": [0.0] * d}, "ef21": {"estimate": [0.0] * d},
             "dgc": {"momentum": [0.0] * d, "accumulated": [0.0] * d}}[memory["name"]]
    for n in range(4):
        v = rounded(root(12).derive("memory", n).normal(d))
        if memory["name"] == "error-feedback":
            p = rounded([a + b for a, b in zip(state["error"], v)])
        elif memory["name"] == "ef21":
            p = rounded([a - b for a, b in zip(v, state["estimate"])])
        else:
            u = rounded([a + memory["momentum"] * b for a, b in zip(v, state["momentum"])])
            p = rounded([a + b for a, b in zip(state["accumulated"], u)])
        body, c = CODECS[spec["name"]](p, None, wide, spec)
        c = rounded(c)
        lost = n == 2
        received = c
        if memory["name"] == "error-feedback":
            state = {"error": p if lost else rounded([a - b for a, b in zip(p, c)])}
        elif memory["name"] == "ef21":
            received = rounded([a + b for a, b in zip(state["estimate"], c)])
            state = state if lost else {"estimate": received}
        else:
            sent = [not lost and x != 0 for x in c]
            state = {"momentum": [0.0 if s else x for s, x in zip(sent, u)], "accumulated": [0.0 if s else x for s, x in zip(sent, p)]}
        messages.append({"value": [double_hex(x) for x in v], "body": body.hex(), "received": [double_hex(x) for x in received], "lost": lost,
                         "state": {k: [double_hex(x) for x in s] for k, s in state.items()}})
    return {"memory": memory, "codec": spec, "precision": "float64" if wide else "float32", "messages": messages}


def codecs():
    valid = []

    def case(meaning, spec, values, wide=False):
        stream = at(7, [["party", 2], ["round", 3], ["codec", "update", "delta", 0, 0]])
        assert wide or values == [single(x) for x in values], meaning
        body, decoded = CODECS[spec["name"]](values, stream, wide, spec)
        if not wide:
            decoded = [single(x) for x in decoded]
        valid.append({"meaning": meaning, "codec": spec, "precision": "float64" if wide else "float32",
                      "values": [double_hex(x) for x in values], "body": body.hex(), "decoded": [double_hex(x) for x in decoded]})

    def normals(n, scale=1.0):
        return [single(scale * x) for x in root(11).derive("values").normal(n)]

    edges = [0.0, -0.0, 1.0, -1.0, 65504.0, 65520.0, 1e6, -1e6, 2.0**-14, 2.0**-24, 2.0**-25, 1.5 * 2.0**-24, 1 + 2.0**-11,
             1 + 3 * 2.0**-11, single(0.1)]
    tops = [1.0, 1 + 2.0**-8, 1 + 3 * 2.0**-8, -(1 + 2.0**-8), 2.0**-126, 2.0**-133, 2.0**-134, from_bits(0x7F7FFFFF), -0.0, single(3.14159)]
    case("the numbers as they are", {"name": "identity"}, [1.0, -0.0, single(0.1)])
    case("the same in float64", {"name": "identity"}, [0.1, -2.0**-1074], True)
    case("ties to even, clamping, subnormals, signed zero", {"name": "fp16"}, edges)
    case("the same from float64", {"name": "fp16"}, edges + [1 + 2.0**-11 + 2.0**-40], True)
    case("ties to even, clamping, subnormals, signed zero", {"name": "bf16"}, tops)
    case("the same from float64", {"name": "bf16"}, tops + [1e300, 1 + 2.0**-8 + 2.0**-40], True)
    case("sixteen random bits: two entries a coin", {"name": "bf16", "rounding": "stochastic"}, normals(11))
    case("two blocks, halves up", {"name": "int8-linear", "block": 4}, [127.0, 0.5, -0.5, 1.5, -3.0, 2.0])
    case("a block of zeros", {"name": "int8-linear", "block": 2}, [0.0, -0.0, 1.0, -1.0])
    case("a float64 maximum between two float32 numbers: the scale is rounded up", {"name": "int8-linear"}, [0.1, -0.05], True)
    case("at random; entries of a block of zeros take their coins", {"name": "int8-linear", "block": 3, "rounding": "stochastic"}, [0.0] * 3 + normals(10))
    case("the dynamic code; -1 is not in it", {"name": "int8-dynamic", "block": 8}, [1.0, -1.0, 0.0, 0.25, single(-1e-7), single(1e-3), 0.5, -0.5] + normals(9))
    case("eight sums and a rest; zero counts as positive, -0 as negative", {"name": "scaled-sign"}, normals(18) + [0.0, -0.0])
    case("two means", {"name": "one-bit"}, normals(10) + [0.0, -0.0])
    case("one side only", {"name": "one-bit"}, [1.0, 2.0, 4.0])
    case("powers of two at random", {"name": "natural"}, normals(9) + [0.0, -0.0, 1.0, 2.0**-130])
    case("five digits a byte, the last byte not full", {"name": "terngrad"}, normals(13))
    case("six bits a level, two buckets", {"name": "qsgd", "levels": 16, "bucket": 8}, normals(13))
    case("largest magnitude, three bits a level, a bucket of zeros", {"name": "qsgd", "levels": 3, "bucket": 4, "norm": "max"}, normals(5) + [0.0] * 7)
    case("range coder", {"name": "qsgd", "levels": 4, "bucket": 64, "coding": "entropy"}, normals(150))
    case("range coder, levels of many bits, a bucket of zeros", {"name": "qsgd", "levels": 1000, "bucket": 8, "norm": "max", "coding": "entropy"}, normals(20) + [0.0] * 12 + normals(5))
    case("a bitmap", {"name": "top-k", "count": 3}, [0.5, -2.0, 0.25, 2.0, 2.0, -2.0])
    case("Rice codes of the gaps", {"name": "top-k", "count": 4}, normals(200))
    case("neighbours: the parameter follows the mean gap, not the gaps", {"name": "top-k", "count": 4}, [9.0, 8.0, 7.0, 6.0] + [0.5] * 196)
    case("all entries: no indices", {"name": "top-k", "count": 9}, [1.0, -2.0])
    case("ceil(fraction d), values in another codec", {"name": "top-k", "fraction": 0.07, "values": {"name": "bf16"}}, normals(100))
    case("ties in the high words of float64", {"name": "top-k", "count": 2}, [1.0, 1 + 2.0**-50, -(1 + 2.0**-51), 1.0], True)
    case("count, indices, values", {"name": "threshold", "absolute": 1}, normals(40))
    case("nothing above", {"name": "threshold", "absolute": 10}, normals(4))
    case("few, scaled", {"name": "random-k", "count": 5}, normals(50))
    case("most: those left out are drawn", {"name": "random-k", "fraction": 0.75, "scaled": False}, normals(13))

    case("at random, subnormals too", {"name": "fp16", "rounding": "stochastic"}, normals(9) + [single(2.0**-15 * 1.3333), 2.0**-25, 65504.0, -0.0, 0.0] + normals(3, 1e-5))
    case("the same from float64", {"name": "fp16", "rounding": "stochastic"}, [1 + 2.0**-11 + 2.0**-40, -0.1, 2.0**-26] * 3, True)
    case("powers of two at random, from float64", {"name": "natural"}, [0.1, -0.3, 1 + 2.0**-40, 2.0**-127, 1e-300, 0.0, -0.0, 2.0**127, -2.9], True)
    case("entries beyond so many standard deviations are cut", {"name": "terngrad", "clip": 1.5}, normals(12) + [9.0])
    case("equal entries: nothing is cut", {"name": "terngrad", "clip": 2.5}, [0.5] * 6)

    memories = [memory_case(m, spec, wide) for m, spec, wide in [
        ({"name": "error-feedback"}, {"name": "top-k", "count": 2}, False),
        ({"name": "error-feedback"}, {"name": "scaled-sign"}, True),
        ({"name": "ef21"}, {"name": "top-k", "count": 2}, False),
        ({"name": "dgc", "momentum": 0.9}, {"name": "top-k", "count": 2}, False),
    ]]

    bad, nan = "ERR_CODEC_MALFORMED", "ERR_CODEC_NOT_FINITE"
    spec = {"name": "qsgd", "levels": 4, "bucket": 64, "coding": "entropy"}
    coded, _ = CODECS["qsgd"](normals(30), at(7, [["party", 2], ["round", 3], ["codec", "update", "delta", 0, 0]]), False, spec)
    invalid = [
        ("coded levels whose last byte is another", spec, 30, (coded[:-1] + bytes([coded[-1] ^ 1])).hex(), bad),
        ("a byte is missing", {"name": "identity"}, 2, "0000803f000000", bad),
        ("a NaN", {"name": "identity"}, 1, "0000c07f", nan),
        ("an odd byte", {"name": "fp16"}, 1, "003c00", bad),
        ("an infinity", {"name": "fp16"}, 1, "007c", nan),
        ("a negative NaN", {"name": "fp16"}, 2, "003c01fe", nan),
        ("an infinity", {"name": "bf16"}, 1, "807f", nan),
        ("level -128", {"name": "int8-linear"}, 2, "0000803f7f80", bad),
        ("a negative scale", {"name": "int8-linear"}, 1, "000080bf01", bad),
        ("a scale that is NaN", {"name": "int8-linear"}, 1, "0000c07f01", nan),
        ("the second scale is missing", {"name": "int8-linear", "block": 1}, 2, "0000803f0101", bad),
        ("an infinite scale", {"name": "int8-dynamic"}, 1, "0000807f7f", nan),
        ("a negative mean", {"name": "scaled-sign"}, 3, "000080bf05", bad),
        ("bits after the last sign", {"name": "scaled-sign"}, 3, "0000803f0d", bad),
        ("a positive mean of the negative side", {"name": "one-bit"}, 1, "0000803f0000803f00", bad),
        ("an infinite mean", {"name": "one-bit"}, 1, "0000807f0000000000", nan),
        ("bits after the last sign", {"name": "one-bit"}, 1, "0000803f0000000002", bad),
        ("the exponent of infinity", {"name": "natural"}, 1, "ff00", nan),
        ("bits after the last sign", {"name": "natural"}, 1, "7f02", bad),
        ("243 is no five digits", {"name": "terngrad"}, 5, "0000803ff3", bad),
        ("3 is no single digit", {"name": "terngrad"}, 1, "0000803f03", bad),
        ("an infinite scale", {"name": "terngrad"}, 1, "0000807f01", nan),
        ("a level beyond s", {"name": "qsgd", "levels": 2}, 1, "0000803f05", bad),
        ("bits after the last level", {"name": "qsgd", "levels": 2}, 1, "0000803f0a", bad),
        ("the levels are missing", {"name": "qsgd", "levels": 2}, 3, "0000803f22", bad),
        ("coded levels end too early", {"name": "qsgd", "coding": "entropy"}, 4, "0000803f000000", bad),
        ("no indices", {"name": "top-k", "count": 1}, 4, "", bad),
        ("a bitmap of two for k = 1", {"name": "top-k", "count": 1}, 4, "070000803f", bad),
        ("a bitmap of none for k = 1", {"name": "top-k", "count": 1}, 4, "010000803f", bad),
        ("a mark beyond d", {"name": "top-k", "count": 1}, 4, "210000803f", bad),
        ("an index beyond d: k = 0, four ones", {"name": "top-k", "count": 1}, 4, "c0030000803f", bad),
        ("bits after the last index: k = 0, index 0", {"name": "top-k", "count": 1}, 4, "800000803f", bad),
        ("values are missing", {"name": "top-k", "count": 1}, 4, "03", bad),
        ("a count above d", {"name": "threshold"}, 2, "030000000000803f", bad),
        ("the count is cut", {"name": "threshold"}, 2, "0100", bad),
        ("a value too many", {"name": "random-k", "count": 1}, 4, "01000000020000000000803f0000803f", bad),
        ("a value that is infinite", {"name": "random-k", "count": 1}, 4, "01000000020000000000807f", nan),
    ]
    return {
        "about": "Codec payloads: derived by derive.py from docs/protocol-codecs.md, never by the code under test. Values as 16 "
                 "hexadecimal digits of the IEEE 754 double, most significant first; bodies byte by byte. Invalid bodies are float32.",
        "stream": {"seed": 7, "path": [["party", 2], ["round", 3], ["codec", "update", "delta", 0, 0]]},
        "valid": valid,
        "memories": memories,
        "invalid": [{"meaning": m, "codec": c, "length": n, "body": b, "code": e} for m, c, n, b, e in invalid],
    }


def varint(n):
    result = bytearray()
    while n >= 128:
        result.append(n % 128 | 128)
        n //= 128
    result.append(n)
    return bytes(result)


class Vector(list):
    """A typed array of a state."""

    def __init__(self, values, wide):
        super().__init__(values)
        self.wide = wide


def encoded(value):
    """A state as bytes."""
    if value is None:
        return b"\x00"
    if isinstance(value, int):
        return b"\x03" + varint(2 * value if value >= 0 else -2 * value - 1)
    if isinstance(value, Vector):
        code = "d" if value.wide else "f"
        return bytes([24 if value.wide else 23]) + varint(len(value)) + struct.pack("<%d%s" % (len(value), code), *value)
    if isinstance(value, dict):
        result = b"\x07" + varint(len(value))
        for key in sorted(value):
            text = key.encode()
            result += varint(len(text)) + text + encoded(value[key])
        return result
    raise TypeError(value)


def digest(states):
    lines = ""
    for name, state in states:
        lines += "%s %s\n" % (name, hashlib.sha256(encoded({"memories": {}, "state": state})).hexdigest())
    return hashlib.sha256(lines.encode()).hexdigest()


class Quadratic:
    """One client's share of a diagonal quadratic."""

    def __init__(self, seed, client, wide, d, examples, least, largest, spread):
        self.wide = wide
        stream = root(seed).derive("objective").derive("quadratic", client)
        own = stream.derive("curvature")
        order = own.permutation(d)
        reach = log(largest / least)
        self.curvature = [0.0] * d
        for j in range(d):
            share = 1 if j == 0 else 0 if j == 1 else own.uniform()
            self.curvature[order[j]] = largest if share == 1 else least * exp(reach * share)
        centre = self.rounded(stream.derive("centre").normal(d))
        rows = self.rounded(stream.derive("examples").normal(examples * d))
        for j in range(d):
            mean = 0.0
            for i in range(examples):
                mean += rows[i * d + j] / examples
            for i in range(examples):
                rows[i * d + j] -= mean
        self.centres = [[centre[j] + spread * rows[i * d + j] for j in range(d)] for i in range(examples)]
        self.count = examples

    def rounded(self, values):
        return list(values) if self.wide else [single(x) for x in values]

    def gradient(self, x, batch):
        o = [0.0] * len(x)
        for i in batch:
            for j in range(len(x)):
                o[j] += x[j] - self.centres[i][j]
        if len(batch) > 1:
            o = [v / len(batch) for v in o]
        return self.rounded([a * v for a, v in zip(self.curvature, o)])


EXAMPLES, D, CLIENTS, ROUNDS, SEED = 5, 6, 4, 3, 9


def weighted_mean(pairs, rounded):
    sums, total = [0.0] * D, 0
    for weight, vector in pairs:
        total += weight
        for i in range(D):
            sums[i] += weight * vector[i]
    return rounded([s / total for s in sums])


def run(method, wide):
    clients = [Quadratic(SEED, i, wide, D, EXAMPLES, 1.0, 50.0, 0.5) for i in range(CLIENTS)]
    rounded = clients[0].rounded
    x = rounded([0.3] * D)
    empty = {"trace": Vector([], True), "signal": Vector([], True), "between": Vector([], True)}
    peers = [{"x": x, "y": None, "gradient": None} for _ in clients]
    for r in range(ROUNDS):
        streams = [root(SEED).derive("party", i).derive("round", r) for i in range(CLIENTS)]
        if method == "sgd":
            batches = [s.batch(EXAMPLES, 2) for s in streams]
            g = weighted_mean([(len(b), c.gradient(x, b)) for b, c in zip(batches, clients)], rounded)
            x = rounded([x[i] - 0.01 * (g[i] + 0 * x[i]) for i in range(D)])
        elif method == "fedavg":
            updates = []
            for s, c in zip(streams, clients):
                orders = [s.permutation(EXAMPLES) for _ in range(2)]
                y = x
                for order in orders:
                    for batch in blocks(order, 2):
                        g = c.gradient(y, batch)
                        y = rounded([y[i] - 0.01 * g[i] for i in range(D)])
                updates.append((EXAMPLES, rounded([y[i] - x[i] for i in range(D)])))
            g = [-v for v in weighted_mean(updates, rounded)]
            x = rounded([x[i] - 1 * (g[i] + 0 * x[i]) for i in range(D)])
        else:
            before = []
            for s, c, p in zip(streams, clients, peers):
                g = p["gradient"] or c.gradient(p["x"], s.batch(EXAMPLES, 2))
                before.append((g, p["y"] or g))
            after = []
            for i, (s, c, p) in enumerate(zip(streams, clients, peers)):
                g, y = before[i]
                third = 1 / (1 + 2)
                mixed = []
                for vectors in ([q["x"] for q in peers], [b[1] for b in before]):
                    sums = [0.0] * D
                    for j in sorted({(i - 1) % CLIENTS, i, (i + 1) % CLIENTS}):
                        weight = 1 - (third + third) if j == i else third
                        sums = [t + weight * v for t, v in zip(sums, vectors[j])]
                    mixed.append(rounded(sums))
                nx = rounded([m - 0.01 * v for m, v in zip(mixed[0], y)])
                ng = c.gradient(nx, s.batch(EXAMPLES, 2))
                change = rounded([a - b for a, b in zip(ng, g)])
                after.append({"x": nx, "y": rounded([a + b for a, b in zip(mixed[1], change)]), "gradient": ng})
            peers = after
    if method == "gradient-tracking":
        return digest([("client %d" % i, {k: Vector(v, wide) for k, v in p.items()}) for i, p in enumerate(peers)])
    server = {"params": Vector(x, wide), "optimizer": {"step": ROUNDS}, "noise": empty}
    if method == "sgd":
        server["previous"] = Vector([], wide)
    return digest([("coordinator", server)] + [("client %d" % i, None) for i in range(CLIENTS)])


def runs():
    methods = [
        {"name": "sgd", "batchSize": 2, "optimizer": {"name": "sgd", "learningRate": 0.01}},
        {"name": "fedavg", "batchSize": 2, "localEpochs": 2, "clientLearningRate": 0.01},
        {"name": "gradient-tracking", "batchSize": 2, "stepSize": 0.01},
    ]
    result = []
    for method in methods:
        for wide in (True, False):
            scenario = {
                "seed": SEED, "rounds": ROUNDS, "clients": CLIENTS, "precision": "float64" if wide else "float32", "method": method,
                "objective": {"name": "quadratic", "dimension": D, "largestEigenvalue": 50, "examples": EXAMPLES, "exampleSpread": 0.5,
                              "initialValue": 0.3},
            }
            if method["name"] == "gradient-tracking":
                scenario["topology"] = {"name": "ring", "weights": "metropolis", "lazy": False}
            result.append({"scenario": scenario, "stateDigest": run(method["name"], wide)})
    return {"about": "Whole runs and their state digests: computed by derive.py from docs/protocol-streams.md and docs/protocol.md, "
                     "never by the code under test.", "runs": result}


def msgpack(value):
    """Shortest integers, float64, no extension types."""
    if value is None or isinstance(value, bool):
        return bytes([0xC0 if value is None else 0xC3 if value else 0xC2])
    if isinstance(value, int):
        if 0 <= value < 128 or -32 <= value < 0:
            return struct.pack("b" if value < 0 else "B", value)
        for code, form, least, most in ((0xCC, ">B", 0, 2**8), (0xCD, ">H", 0, 2**16), (0xCE, ">I", 0, 2**32), (0xD0, ">b", -2**7, 0),
                                        (0xD1, ">h", -2**15, 0), (0xD2, ">i", -2**31, 0)):
            if least <= value < most:
                return bytes([code]) + struct.pack(form, value)
    if isinstance(value, (int, float)):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data, short, sizes = value.encode(), (0xA0, 32), ((0xD9, ">B", 2**8), (0xDA, ">H", 2**16))
    elif isinstance(value, bytes):
        data, short, sizes = value, (0, 0), ((0xC4, ">B", 2**8), (0xC5, ">H", 2**16))
    elif isinstance(value, list):
        data, short, sizes = b"".join(msgpack(each) for each in value), (0x90, 16), ((0xDC, ">H", 2**16),)
    else:
        data, short, sizes = b"".join(msgpack(key) + msgpack(each) for key, each in value.items()), (0x80, 16), ((0xDE, ">H", 2**16),)
    if len(value if not isinstance(value, str) else data) < short[1]:
        return bytes([short[0] | len(value if not isinstance(value, str) else data)]) + data
    for code, form, most in sizes:
        if len(value if not isinstance(value, str) else data) < most:
            return bytes([code]) + struct.pack(form, len(value if not isinstance(value, str) else data)) + data


def control_vectors():
    cost = {"encodeMs": 0, "decodeMs": 0.5, "squaredError": 0, "squaredNorm": 0}
    count = {"raw": 24, "payload": 24, "wire": 106}
    none = {"raw": 0, "payload": 0, "wire": 0}
    sums = {"data": "0" * 63 + "1", "partition": "ab" * 32, "initialParameters": "f" * 64}
    ledger = {"noiseMultiplier": 1.5, "l2Sensitivities": [0.5], "sampling": 0.01}
    party = {"party": 3, "clockMs": 1234.5, "measures": [["loss", 0.25], ["größe", float("inf")]],
             "unusedMessages": [{"kind": "x", "step": 0, "from": 2, "to": 3}], "unused": [], "ledger": [ledger],
             "coding": {"up": cost, "down": cost, "peer": cost}}
    report = {"epoch": 0, "generation": 1, "index": 70000, "attempt": 2, "parties": [party],
              "absences": [{"round": 70000, "kind": "model", "step": 0, "from": "coordinator", "to": 3, "why": "late"}],
              "bytes": {"up": count, "down": none, "peer": none}, "tensorCounts": [0], "firings": [2]}
    hello = {"version": 2, "name": "a worker", "pid": 4711, "process": "p-1", "seat": None}
    return [
        ("hello of a worker without numbered links", "hello", "content", hello),
        ("hello of one that returns to its seat", "hello", "content", {**hello, "seat": 300, "resumes": {"epoch": 0, "generation": 2}}),
        ("a seat", "hello", "answer", {"seat": 1, "proof": "x" * 43}),
        ("no seat is open", "hello", "answer", {"spare": True, "proof": "x" * 43}),
        ("refused", "hello", "answer", {"refused": "another version", "proof": "x" * 43}),
        ("an assignment", "assign", "content", {"worker": "worker-0", "generation": 0, "epoch": 0, "token": "t", "scenario": {"rounds": 3},
                                                "clients": [0, 2], "workers": [{"worker": "worker-1", "clients": [1]}]}),
        ("ready, without a port for peers", "assign", "answer", {"device": "cpu", "deterministic": True, "parameterCount": 7850,
                                                                 "read": sums, "peer": None}),
        ("peers", "introduce", "content", {"peers": [{"worker": "worker-1", "url": "ws://10.0.0.2:7701", "links": True}],
                                           "keys": [{"worker": "worker-1", "outgoing": "o", "incoming": "i"}]}),
        ("none was reached", "introduce", "answer", {"unreachable": ["worker-1"]}),
        ("a round", "begin", "content", {"index": 65536, "attempt": 0, "cohort": [0, 1, 2], "absent": [{"from": 1, "why": "crashed"}],
                                         "forgotten": [], "inclusion": 0.1, "startMs": 0}),
        ("a report", "done", "content", report),
        ("a half that failed", "failed", "content", {"epoch": 0, "generation": 0, "index": 5, "attempt": 0, "code": "ERR_HALF_FAILED",
                                                     "message": "it threw"}),
        ("clients stop", "abort", "content", {"index": 5, "attempt": 0, "clients": [2]}),
        ("all stop", "abort", "content", {"index": 5, "attempt": 0, "clients": None}),
        ("the end of an attempt", "settle", "content", {"round": 5, "attempt": 0, "abandoned": False, "voided": [1],
                                                        "undelivered": [{"client": 0, "posts": [{"kind": "x", "step": 0, "to": 1}]}],
                                                        "cohort": [0, 1]}),
        ("records of all clients", "collect", "content", {"request": 9, "what": "records", "clients": "all"}),
        ("who waits", "waits", "answer", {"waits": ["client 0 waits for model"], "computing": False}),
        ("the run is over", "stop", "content", {"over": "finished"}),
    ]


def packed_vectors():
    return [
        ("a seal to the coordinator and two clients", {"type": "seals", "seals": [
            {"round": 7, "attempt": 0, "from": 5, "counts": [1, 0], "to": ["coordinator", 0, 200]}]}),
        ("seals of the coordinator and a client", {"type": "seals", "seals": [
            {"round": 0, "attempt": 0, "from": "coordinator", "counts": [2, 300], "to": [1]},
            {"round": 0, "attempt": 1, "from": 0, "counts": [0, 0], "to": []}]}),
        ("a record", {"type": "collected", "request": 9, "client": 3, "data": bytes(range(0, 40, 8))}),
        ("the last of its request", {"type": "collected-all", "request": 9}),
        ("a record that replaces the client's", {"type": "restore", "client": 3, "data": b"\x07\x00"}),
        ("all are restored", {"type": "restored-all", "request": 9}),
        ("a report on a numbered link", {"type": "control", "event": "waits", "content": {"request": 1}}),
    ]


def framed(body, checksum=None):
    header = struct.pack("<BBHIIIiidIIII", 3, 0, 0, 0, 0, 0, 0, 0, 0.0, 0, len(body), zlib.crc32(body) if checksum is None else checksum, 0)
    return header + body


def shown(value):
    """As JSON has it: bytes as their hexadecimal, infinities as texts."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, float) and math.isinf(value):
        return {"number": "Infinity"}
    if isinstance(value, list):
        return [shown(each) for each in value]
    return {key: shown(each) for key, each in value.items()} if isinstance(value, dict) else value


def refused_controls():
    settled = {"index": 5, "attempt": 0, "clients": None}
    nested = b"\x91" * 33 + b"\xc0"
    return [
        ("a key too many", "abort", msgpack({**settled, "why": "late"})),
        ("a key is missing", "abort", msgpack({"index": 5, "attempt": 0})),
        ("a number below 0", "abort", msgpack({**settled, "index": -1})),
        ("no whole number", "abort", msgpack({**settled, "index": 0.5})),
        ("NaN", "begin", msgpack({"index": 0, "attempt": 0, "cohort": [], "absent": [], "forgotten": [], "inclusion": float("nan"), "startMs": 0})),
        ("another version", "hello", msgpack({"version": 1, "name": "w", "pid": 1, "process": "p", "seat": None})),
        ("a name of 201 characters", "hello", msgpack({"version": 2, "name": "w" * 201, "pid": 1, "process": "p", "seat": None})),
        ("bytes behind the message", "abort", msgpack(settled) + b"\xc0"),
        ("it ends too early", "abort", msgpack(settled)[:-1]),
        ("a list of 2^32 - 1 entries in six bytes", "abort", b"\xdd\xff\xff\xff\xff\xc0"),
        ("an extension type", "abort", b"\xd4\x00\x00"),
        ("nested 33 levels deep", "abort", nested),
        ("nothing", "abort", b""),
    ]


def proofs():
    result = []
    for token, role, challenge, nonce in (("secret", "worker", "c0.mb1z.k3", "n" * 22), ("größe 🐝", "observer", "1", "0123456789abcdef")):
        lines = [("joiner", None), ("coordinator", None)]
        texts = {speaker: "\n".join(("gradswarm", speaker, role, challenge, nonce)) for speaker, _ in lines}
        made = {speaker: base64.urlsafe_b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).decode().rstrip("=")
                for speaker, text in texts.items()}
        result.append({"token": token, "role": role, "challenge": challenge, "nonce": nonce, **made})
    return result


def messages():
    packed = packed_vectors()
    wrong = msgpack(packed[0][1])
    return {
        "about": "Proofs, control messages, packed messages with their frames' headers and checksums, and roundings to float32: computed by "
                 "derive.py from docs/protocol.md and docs/protocol-tables.md, never by the code under test. Decoded, the bytes of a message are "
                 "`message`; {\"hex\"} stands for bytes. Maps may have their keys in any order, numbers any encoding of msgpack.",
        "proofs": proofs(),
        "control": [{"meaning": meaning, "event": event, "part": part, "message": shown(value), "bytes": msgpack(value).hex()}
                    for meaning, event, part, value in control_vectors()],
        "refused": [{"meaning": meaning, "event": event, "bytes": data.hex()} for meaning, event, data in refused_controls()],
        "packed": [{"meaning": meaning, "message": shown(value), "bytes": framed(msgpack(value)).hex()} for meaning, value in packed],
        "refusedPacked": [
            {"meaning": "a wrong checksum", "bytes": framed(wrong, zlib.crc32(wrong) ^ 1).hex()},
            {"meaning": "shorter than its header says", "bytes": framed(wrong)[:-1].hex()},
            {"meaning": "a header that is too short", "bytes": framed(wrong)[:47].hex()},
            {"meaning": "a type that is none", "bytes": framed(msgpack({"type": "sealed", "seals": []})).hex()},
            {"meaning": "a seal of a party below the coordinator", "bytes": framed(msgpack({"type": "seals", "seals": [
                {"round": 7, "attempt": 0, "from": -1, "counts": [1, 0], "to": []}]})).hex()},
            {"meaning": "an empty body", "bytes": framed(b"").hex()},
        ],
        "roundings": [{"meaning": meaning, "x": double_hex(x), "float32": struct.pack(">f", x).hex()} for meaning, x in (
            ("exact", 1.5), ("the nearest", 0.1), ("a tie goes to the even one, down", 1 + 2.0**-24), ("a tie, up", 1 + 3 * 2.0**-24),
            ("beside a tie", 1 + 2.0**-24 + 2.0**-50), ("subnormal", 2.0**-149 * 1.5), ("half the least becomes 0", 2.0**-150),
            ("-0 stays", -0.0), ("the largest", 3.4028234663852886e38), ("below a tie at the end", -3.4028235677973362e38))],
    }


def write(name, content):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w", encoding="ascii") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    write("streams.json", streams())
    write("codecs.json", codecs())
    write("runs.json", runs())
    write("messages.json", messages())
