"""What the cases of the conformance kit expect of codecs and client halves: plain Python, from docs/protocol-*.md alone.

Usage: python3 expected.py [adaptive]    prints scenarios/conformance/script/vectors.ts, or adaptive-vectors.ts, not formatted.
"""

import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "vectors")]

from derive import CODECS, at, blocks, encoded, root, single, Vector  # noqa: E402
from drawn import Quadratic, record  # noqa: E402


def hexes(values):
    return struct.pack("<%dd" % len(values), *values).hex()


def ts(value):
    return json.dumps(value, ensure_ascii=False)


def normals(n, seed=21):
    return [single(x) for x in root(seed).derive("values").normal(n)]


# The stream of the update of client 2 in round 3 of seed 7.
COINS = [["party", 2], ["round", 3], ["codec", "update", "delta", 0, 0]]
HALVES = [0.0, 1.0, -1.0, 65504.0, 65520.0, 1e6, -1e6, 2.0**-14, 2.0**-24, 2.0**-25, 1.5 * 2.0**-24, 1 + 2.0**-11, 1 + 3 * 2.0**-11]
BRAINS = [1.0, 1 + 2.0**-8, 1 + 3 * 2.0**-8, -(1 + 2.0**-8), 2.0**-126, 2.0**-133, 2.0**-134, single(3.14159)]
SIXTEEN = [127.0, 0.5, -0.5, 1.5, -3.0, 2.0]

CODEC_CASES = [
    ("identity", "the numbers as they are", {}, normals(3), False),
    ("fp16", "ties to even, clamping and subnormals", {}, HALVES, False),
    ("fp16", "the same from float64", {}, HALVES + [1 + 2.0**-11 + 2.0**-40], True),
    ("bf16", "ties to even and subnormals", {}, BRAINS, False),
    ("bf16", "stochastic: two entries a coin", {"rounding": "stochastic"}, normals(11), False),
    ("int8-linear", "two blocks, halves up", {"block": 4}, SIXTEEN, False),
    ("int8-linear", "a scale that is rounded up to float32", {}, [0.1, -0.05], True),
    ("int8-linear", "stochastic; entries of a block of zeros take their coins", {"block": 3, "rounding": "stochastic"}, [0.0] * 3 + normals(10), False),
    ("int8-dynamic", "the dynamic code; −1 is not in it", {"block": 8}, [1.0, -1.0, 0.0, 0.25, single(-1e-7), single(1e-3), 0.5, -0.5] + normals(9), False),
    ("scaled-sign", "eight sums and a rest", {}, normals(19) + [0.0], False),
    ("one-bit", "two means", {}, normals(11) + [0.0], False),
    ("natural", "powers of two at random", {}, normals(10) + [0.0, 1.0, 2.0**-130], False),
    ("terngrad", "five digits a byte, the last byte not full", {}, normals(13), False),
    ("qsgd", "six bits a level, two buckets", {"levels": 16, "bucket": 8}, normals(13), False),
    ("qsgd", "the largest magnitude; a bucket of zeros", {"levels": 3, "bucket": 4, "norm": "max"}, normals(5) + [0.0] * 7, False),
    ("qsgd", "entropy-coded levels", {"levels": 4, "bucket": 64, "coding": "entropy"}, normals(80), False),
    ("top-k", "a bitmap; of equal magnitudes the lower index", {"count": 3}, [0.5, -2.0, 0.25, 2.0, 2.0, -2.0], False),
    ("top-k", "Rice codes of the gaps", {"count": 4}, normals(60), False),
    ("top-k", "kept values in another codec", {"fraction": 0.07, "values": {"name": "bf16"}}, normals(60), False),
    ("threshold", "count, indices, values", {"absolute": 1}, normals(40), False),
    ("random-k", "few, scaled", {"count": 5}, normals(50), False),
    ("random-k", "most: those left out are drawn", {"fraction": 0.75, "scaled": False}, normals(13), False),
    ("fp16", "stochastic: one coin an entry, subnormals too", {"rounding": "stochastic"}, normals(9) + [single(2.0**-15 * 1.3333), 2.0**-25, 65504.0, 0.0], False),
    ("fp16", "stochastic, from float64", {"rounding": "stochastic"}, [1 + 2.0**-11 + 2.0**-40, -0.1, 2.0**-26] * 3, True),
    ("natural", "powers of two at random, from float64", {}, [0.1, -0.3, 1 + 2.0**-40, 2.0**-127, 1e-300, 0.0, 2.0**127, -2.9], True),
    ("terngrad", "entries beyond so many standard deviations are cut", {"clip": 1.5}, normals(12) + [9.0], False),
]


def codec_vectors():
    for name, meaning, settings, values, wide in CODEC_CASES:
        spec = {"name": name, **settings}
        body, decoded = CODECS[name](values, at(7, COINS), wide, spec)
        decoded = decoded if wide else [single(x) for x in decoded]
        yield {"codec": spec, "meaning": meaning, "precision": "float64" if wide else "float32",
               "values": hexes(values), "body": body.hex(), "decoded": hexes(decoded)}


def memory_vectors():
    """Two messages of each memory with top-k."""
    for memory in ({"name": "error-feedback"}, {"name": "ef21"}, {"name": "dgc", "momentum": 0.5}):
        d, bodies, given = 5, [], []
        e = g = u = a = [0.0] * d
        rounded = lambda values: [single(x) for x in values]  # noqa: E731
        for n in range(2):
            v = rounded(root(12).derive("memory", n).normal(d))
            if memory["name"] == "error-feedback":
                p = rounded([x + y for x, y in zip(e, v)])
            elif memory["name"] == "ef21":
                p = rounded([x - y for x, y in zip(v, g)])
            else:
                u = rounded([x + 0.5 * y for x, y in zip(v, u)])
                p = rounded([x + y for x, y in zip(a, u)])
            body, c = CODECS["top-k"](p, None, False, {"name": "top-k", "count": 2})
            e = rounded([x - y for x, y in zip(p, c)])
            g = rounded([x + y for x, y in zip(g, c)])
            u = [0.0 if y else x for x, y in zip(u, c)]
            a = [0.0 if y else x for x, y in zip(p, c)]
            given.append(hexes(v))
            bodies.append(body.hex())
        state = {"error-feedback": {"error": e}, "ef21": {"estimate": g}, "dgc": {"momentum": u, "accumulated": a}}[memory["name"]]
        memories = {"update/delta/": {k: Vector(x, False) for k, x in state.items()}}
        yield {"memory": memory, "values": given, "bodies": bodies, "memories": record(memories).hex()}


DRAWN = {"dimension": 6, "examples": 5, "curvature": "diagonal", "smallestEigenvalue": 1.0, "largestEigenvalue": 50.0,
         "sameCurvature": False, "centreSpread": 1, "exampleSpread": 0.5, "initialValue": 0.3}
SEED, CLIENT, ROUND = 9, 2, 3
PARAMS = [0.125 * i for i in range(6)]
OTHERS = [0.1 * i - 0.7 for i in range(6)]


def half_vectors():
    def half():
        return root(SEED).derive("party", CLIENT).derive("round", ROUND)

    for curvature in ("diagonal", "full"):
        for wide in (True, False):
            problem = Quadratic(SEED, CLIENT, wide, {**DRAWN, "curvature": curvature})
            g = problem.gradient(PARAMS, half().batch(5, 2))
            yield {"method": "sgd", "curvature": curvature, "precision": "float64" if wide else "float32", "proximal": 0, "result": [hexes(g)]}
    for proximal in (0, 0.5):
        for wide in (True, False):
            problem = Quadratic(SEED, CLIENT, wide, DRAWN)
            stream, y = half(), PARAMS
            for order in [stream.permutation(5) for _ in range(2)]:
                for batch in blocks(order, 2):
                    g = problem.gradient(y, batch)
                    if proximal:
                        g = [g[i] + proximal * (y[i] - PARAMS[i]) for i in range(6)]
                    y = problem.rounded([y[i] - 0.01 * g[i] for i in range(6)])
            yield {"method": "fedavg", "curvature": "diagonal", "precision": "float64" if wide else "float32", "proximal": proximal,
                   "result": [hexes(problem.rounded([a - b for a, b in zip(y, PARAMS)]))]}
    for wide in (True, False):
        # Client 2 of a ring of 4: neighbour 1 sends PARAMS as x and as y, neighbour 3 OTHERS; it sends its own.
        problem = Quadratic(SEED, CLIENT, wide, DRAWN)
        stream, x = half(), problem.rounded([0.3] * 6)
        g = problem.gradient(x, stream.batch(5, 2))
        third = 1 / (1 + max(2, 2))
        own = 1 - (third + third)

        def mixed(mine):
            sums = [0.0] * 6
            for weight, v in ((third, PARAMS), (own, mine), (third, problem.rounded(OTHERS))):
                sums = [s + weight * a for s, a in zip(sums, v)]
            return problem.rounded(sums)

        after = problem.rounded([a - 0.01 * b for a, b in zip(mixed(x), g)])
        slope = problem.gradient(after, stream.batch(5, 2))
        change = problem.rounded([a - b for a, b in zip(slope, g)])
        y = problem.rounded([a + b for a, b in zip(mixed(g), change)])
        yield {"method": "gradient-tracking", "curvature": "diagonal", "precision": "float64" if wide else "float32", "proximal": 0,
               "result": [hexes(v) for v in (g, slope, after, y)]}


def adaptive_vectors():
    """Two gradients of sgd under an adaptive codec that measures in each round: which codec of the ladder the second has."""

    def half(n):
        return root(SEED).derive("party", CLIENT).derive("round", n)

    problem = Quadratic(SEED, CLIENT, True, DRAWN)
    v = problem.gradient(PARAMS, half(ROUND).batch(5, 2))
    other = problem.gradient(PARAMS, half(ROUND).derive("repeat").batch(5, 2))
    after = problem.gradient(OTHERS, half(ROUND + 1).batch(5, 2))
    sampling = sum((a - b) ** 2 for a, b in zip(v, other)) / 2

    def body(n, values, spec):
        return CODECS[spec["name"]](values, half(n).derive("codec", "gradient", "gradient", 0, 0), True, spec)

    def case(meaning, ladder, share, level):
        bodies = [body(ROUND, v, ladder[0])[0] + b"\0", body(ROUND + 1, after, ladder[level])[0] + bytes([level])]
        marks = [-1] * len(ladder) if level else [1] + [-1] * (len(ladder) - 1)
        memories = {"level gradient/gradient/": {"level": level, "measurements": 1, "tooCoarseAt": marks}}
        return {"meaning": meaning, "ladder": ladder, "share": share, "level": level, "bodies": [b.hex() for b in bodies],
                "memories": record(memories).hex()}

    ladder = [{"name": "bf16"}, {"name": "int8-linear"}]
    _, c = body(ROUND, v, ladder[0])
    ratio = sum((a - b) ** 2 for a, b in zip(c, v)) / sampling
    yield case("becomes coarser where the error is within the share of the variance between two runs of the half", ladder, ratio * 1.02, 1)
    yield case("does not become coarser where the error is beyond the share of the variance between two runs of the half", ladder, ratio * 0.98, 0)
    ladder = [{"name": "qsgd", "levels": 4}, {"name": "qsgd", "levels": 1}]
    _, c = body(ROUND, v, ladder[0])
    actual, expected = sum((a - b) ** 2 for a, b in zip(c, v)), 0.0
    (norm,) = struct.unpack("<f", body(ROUND, v, ladder[0])[0][:4])
    for x in v:
        z = 4 * (abs(x) / norm)
        expected += z % 1 * (1 - z % 1) * (norm / 4) ** 2
    assert abs(actual - expected) > 0.2 * expected, "their error by chance has to differ from the expected one"
    share = (actual + expected) / 2 / sampling
    yield case("measures a codec that rounds at random by its expected error, not by that of its coins", ladder, share, 1 if expected < actual else 0)


def table(name, kind, rows):
    lines = ["export const %s: readonly %s[] = [" % (name, kind)]
    for row in rows:
        lines.append("  {")
        lines += ["    %s: %s," % (key, literal(value)) for key, value in row.items()]
        lines.append("  },")
    return lines + ["];"]


def literal(value):
    if isinstance(value, str):
        return "'%s'" % value
    if isinstance(value, list):
        return "[%s]" % ", ".join(map(literal, value))
    if isinstance(value, dict):
        return "{ %s }" % ", ".join("%s: %s" % (k, literal(v)) for k, v in value.items())
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else json.dumps(value)


WHOLE = [
    "/**",
    " * What codecs and client halves give, computed by test/conformance/expected.py from docs/protocol-codecs.md and",
    " * docs/protocol-streams.md; not edited by hand. Numbers are little-endian doubles in hexadecimal, bodies byte by byte.",
    " */",
    "",
    "/** A vector and its body, with the coins of the update of client 2 in round 3 of seed 7. */",
    "interface CodecVector {",
    "  readonly codec: { readonly name: string; readonly [setting: string]: unknown };",
    "  readonly meaning: string;",
    "  readonly precision: 'float32' | 'float64';",
    "  readonly values: string;",
    "  readonly body: string;",
    "  readonly decoded: string;",
    "}",
    "",
    "/** Two messages of one stream, with the codec top-k of count 2 in float32, and the memories after them as canonical bytes. */",
    "interface MemoryVector {",
    "  readonly memory: { readonly name: string; readonly [setting: string]: unknown };",
    "  readonly values: readonly string[];",
    "  readonly bodies: readonly string[];",
    "  readonly memories: string;",
    "}",
    "",
    "/** What client 2 computes in round 3 of seed 9 on a drawn quadratic; of gradient tracking: y at first, then gradient, x and y. */",
    "interface HalfVector {",
    "  readonly method: string;",
    "  readonly curvature: string;",
    "  readonly precision: 'float32' | 'float64';",
    "  readonly proximal: number;",
    "  readonly result: readonly string[];",
    "}",
    "",
    *table("CODEC_VECTORS", "CodecVector", codec_vectors()),
    "",
    *table("MEMORY_VECTORS", "MemoryVector", memory_vectors()),
    "",
    *table("HALF_VECTORS", "HalfVector", half_vectors()),
]

ADAPTIVE = [
    "/** What adaptive codecs give, computed by test/conformance/expected.py from the text; not edited by hand. */",
    "",
    "/** Two gradients of client 2 in rounds 3 and 4 of seed 9 under an adaptive codec, float64, and the memories after the first. */",
    "interface AdaptiveVector {",
    "  readonly meaning: string;",
    "  readonly ladder: readonly { readonly name: string; readonly [setting: string]: unknown }[];",
    "  readonly share: number;",
    "  /** Index of the second message’s codec. */",
    "  readonly level: number;",
    "  readonly bodies: readonly string[];",
    "  readonly memories: string;",
    "}",
    "",
    *table("ADAPTIVE_VECTORS", "AdaptiveVector", adaptive_vectors()),
]

print("\n".join(ADAPTIVE if "adaptive" in sys.argv else WHOLE))
