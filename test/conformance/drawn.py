"""What expected.py needs beside the script of the vectors, from docs/protocol*.md alone: a drawn quadratic with either curvature, and records as bytes."""

import struct

from derive import Vector, exp, log, root, single, varint


class Quadratic:
    def __init__(self, seed, client, wide, settings):
        self.wide = wide
        d, n = settings["dimension"], settings["examples"]
        stream = root(seed).derive("objective").derive("quadratic", client)
        of = 0 if settings["sameCurvature"] else client
        self.matrix = curvature(root(seed).derive("objective").derive("quadratic", of).derive("curvature"), d, settings, self.rounded)
        self.full = settings["curvature"] == "full"
        # Nothing is drawn where it would be multiplied by 0.
        plain = settings["centreSpread"] == 0
        centre = [0.0] * d if plain else [settings["centreSpread"] * v for v in self.rounded(stream.derive("centre").normal(d))]
        self.centres = [centre] * n
        spread = settings["exampleSpread"]
        if spread > 0:
            rows = self.rounded(stream.derive("examples").normal(n * d))
            for j in range(d):
                mean = 0.0
                for i in range(n):
                    mean += rows[i * d + j] / n
                for i in range(n):
                    rows[i * d + j] -= mean
            self.centres = [[centre[j] + spread * rows[i * d + j] for j in range(d)] for i in range(n)]
        self.count = n

    def rounded(self, values):
        return list(values) if self.wide else [single(x) for x in values]

    def gradient(self, x, batch):
        d = len(x)
        o = [0.0] * d
        for i in batch:
            o = [t + (a - c) for t, a, c in zip(o, x, self.centres[i])]
        if len(batch) > 1:
            o = [v / len(batch) for v in o]
        if not self.full:
            return self.rounded([a * v for a, v in zip(self.matrix, o)])
        result = []
        for row in self.matrix:
            total = 0.0
            for a, v in zip(row, o):
                total += a * v
            result.append(total)
        return self.rounded(result)


def curvature(stream, d, settings, rounded):
    largest, least = settings["largestEigenvalue"], settings["smallestEigenvalue"]
    full = settings["curvature"] == "full"
    if largest == least and not full:
        return [float(least)] * d
    order = stream.permutation(d)
    reach = log(largest / least)
    diagonal = [0.0] * d
    for j in range(d):
        diagonal[order[j]] = largest if j == 0 else least * exp(reach * 0 if j == 1 else reach * stream.uniform())
    if not full:
        return diagonal
    m = [[diagonal[j] if j == k else 0.0 for k in range(d)] for j in range(d)]
    for _ in range(d):
        v = rounded(stream.normal(d))
        square = 0.0
        for x in v:
            square += x * x
        f = 2 / square
        a = []
        for row in m:
            total = 0.0
            for x, y in zip(row, v):
                total += x * y
            a.append(total)
        t = 0.0
        for x, y in zip(v, a):
            t += x * y
        for j in range(d):
            for k in range(d):
                m[j][k] -= f * ((v[j] * a[k] + a[j] * v[k]) - (f * t) * (v[j] * v[k]))
    return m


def record(value):
    if value is None or isinstance(value, bool):
        return bytes([0 if value is None else 1 + value])
    if isinstance(value, (int, float)):
        if value == int(value) and abs(value) < 2**51 and str(value) != "-0.0":
            i = int(value)
            return b"\x03" + varint(2 * i if i >= 0 else -2 * i - 1)
        return b"\x04" + struct.pack("<d", value)
    if isinstance(value, str):
        return b"\x05" + text(value)
    if isinstance(value, Vector):
        code = "d" if value.wide else "f"
        return bytes([24 if value.wide else 23]) + varint(len(value)) + struct.pack("<%d%s" % (len(value), code), *value)
    if isinstance(value, list):
        return b"\x06" + varint(len(value)) + b"".join(map(record, value))
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return b"\x07" + varint(len(value)) + b"".join(text(key) + record(value[key]) for key in keys)


def text(value):
    data = value.encode()
    return varint(len(data)) + data
