"""Derives the test vectors from docs/protocol-streams.md and docs/protocol-codecs.md: plain Python, none of this project's code.

Usage: python3 derive.py    writes streams.json (and codecs.json) beside itself.
"""

import json
import math
import os
import struct

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


def write(name, content):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w", encoding="ascii") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    write("streams.json", streams())
