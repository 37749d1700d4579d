"""Drawn data sets and their split: docs/protocol-streams.md."""

import math
import struct

from derive import log, root, single, turns


def normal(stream, n, stddev):
    values = []
    while len(values) < n:
        radius = stddev * math.sqrt(-2 * log(1 - stream.uniform()))
        c, s = turns(stream.uniform())
        values += [radius * c, radius * s]
    return values[:n]


class Examples:
    """Rows of float32 features, with labels or targets."""

    def __init__(self, rows, labels, targets):
        self.rows, self.labels, self.targets = rows, labels, targets

    def arrays(self):
        flat = [x for row in self.rows for x in row]
        return [struct.pack("<%df" % len(flat), *flat), struct.pack("<%di" % len(self.labels), *self.labels),
                struct.pack("<%dd" % len(self.targets), *self.targets)]


def rows_of(values, width):
    return [values[i:i + width] for i in range(0, len(values), width)]


def linear_regression(stream, settings):
    p = settings["features"]
    weights = [float(j + 1) for j in range(p)] if settings["trueWeights"] == "one-to-n" else normal(stream.derive("weights"), p, 1)

    def examples(stream, n):
        inputs = stream.derive("inputs")
        values = normal(inputs, n * p, 1) if settings["inputs"] == "normal" else [inputs.uniform() for _ in range(n * p)]
        rows = rows_of([single(x) for x in values], p)
        targets = []
        for noise, row in zip(normal(stream.derive("label-noise"), n, settings["labelNoiseStddev"]), rows):
            total = 0.0
            for w, x in zip(weights, row):
                total += w * x
            targets.append(noise + total)
        return Examples(rows, [], targets)

    return examples(stream.derive("train"), settings["examples"]), examples(stream.derive("test"), settings["testExamples"]), 0


def gaussian_clusters(stream, settings):
    k, p = settings["classes"], settings["features"]
    centres = []
    for row in rows_of(normal(stream.derive("centres"), k * p, 1), p):
        square = 0.0
        for x in row:
            square += x * x
        factor = settings["separation"] / math.sqrt(square)
        centres.append([x * factor for x in row])

    def examples(stream, n):
        noise = rows_of(normal(stream, n * p, settings["noiseStddev"]), p)
        rows = [[single(c + e) for c, e in zip(centres[i % k], noise[i])] for i in range(n)]
        return Examples(rows, [i % k for i in range(n)], [])

    return examples(stream.derive("train"), settings["examples"]), examples(stream.derive("test"), settings["testExamples"]), k


DATASETS = {"linear-regression": linear_regression, "gaussian-clusters": gaussian_clusters}


def load(seed, spec):
    """Training examples, test examples, number of classes."""
    return DATASETS[spec["name"]](root(seed).derive("data").derive("data set", spec["name"]), spec)


def iid(seed, count, clients):
    """The indices of each client."""
    order = root(seed).derive("partition").derive("partition", "iid").permutation(count)
    return [sorted(order[i * count // clients:(i + 1) * count // clients]) for i in range(clients)]
