"""Drawn data sets, and their partition among the clients."""

from dataclasses import dataclass, field

import numpy as np

from functions import ordered_sum
from refusals import Unsupported


def _none(kind):
    return field(default_factory=lambda: np.empty(0, dtype=kind))


@dataclass
class Examples:
    """Rows of features (float32), with labels (int32) or targets (float64), whichever the set has."""

    features: np.ndarray = _none("<f4")
    labels: np.ndarray = _none("<i4")
    targets: np.ndarray = _none("<f8")

    def arrays(self):
        return [self.features, self.labels, self.targets]


@dataclass
class DataSet:
    train: Examples
    test: Examples
    classes: int = 0
    shards: list = field(default_factory=list)  # of each client, the indices (u32) of its training examples


def read_data(settings, clients, root):
    """The data set of a scenario, split among its clients. `none`: nothing, and an empty shard for each."""
    name = settings["name"]
    if name == "none":
        return DataSet(Examples(), Examples(), shards=[np.empty(0, dtype="<u4")] * clients)
    draws = {"linear-regression": _linear, "gaussian-clusters": _clusters}
    if name not in draws:
        raise Unsupported(f"no data set {name}")
    if settings["partition"]["name"] != "iid":
        raise Unsupported(f"no partition {settings['partition']['name']}")
    data = draws[name](settings, root.derive("data").derive("data set", name))
    data.shards = _shards(settings["examples"], clients, root.derive("partition").derive("partition", "iid"))
    return data


def _shards(examples, clients, stream):
    order = np.array(stream.permutation(examples), dtype="<u4")
    return [np.sort(order[i * examples // clients : (i + 1) * examples // clients]) for i in range(clients)]


def _linear(settings, stream):
    p = settings["features"]
    if settings["trueWeights"] == "one-to-n":
        weights = np.arange(1, p + 1, dtype=np.float64)
    else:
        weights = stream.derive("weights").normals(p, 1.0)

    def examples(part, count):
        drawn = stream.derive(part)
        inputs = drawn.derive("inputs")
        numbers = inputs.uniforms(count * p) if settings["inputs"] == "uniform01" else inputs.normals(count * p, 1.0)
        features = numbers.astype("<f4").reshape(count, p)
        noise = drawn.derive("label-noise").normals(count, settings["labelNoiseStddev"])
        return Examples(features=features, targets=noise + ordered_sum(features.astype(np.float64) * weights, axis=1))

    return DataSet(examples("train", settings["examples"]), examples("test", settings["testExamples"]))


def _clusters(settings, stream):
    k, p = settings["classes"], settings["features"]
    centres = stream.derive("centres").normals(k * p, 1.0).reshape(k, p)
    centres = centres * (settings["separation"] / np.sqrt(ordered_sum(centres * centres, axis=1)))[:, None]

    def examples(part, count):
        noise = stream.derive(part).normals(count * p, settings["noiseStddev"]).reshape(count, p)
        labels = (np.arange(count) % k).astype("<i4")
        return Examples(features=(centres[labels] + noise).astype("<f4"), labels=labels)

    return DataSet(examples("train", settings["examples"]), examples("test", settings["testExamples"]), classes=k)
