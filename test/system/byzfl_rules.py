"""Aggregates with ByzFL, and with Flower where ByzFL has no such rule, what comes as JSON on standard input, one request a line; prints one
JSON list a line.

ByzFL imports torch everywhere, for tensors that are not used here: a module of that name with an empty Tensor class stands in.
Their packages' __init__ would import whole training frameworks: an empty package of that name gives the sub-packages alone.
"""

import importlib.util
import json
import pathlib
import sys
import types

torch = types.ModuleType("torch")
torch.Tensor = type("Tensor", (), {})
torch.linalg = types.ModuleType("torch.linalg")
sys.modules["torch"] = torch
sys.modules["torch.linalg"] = torch.linalg


def package(name, *path):
    module = types.ModuleType(".".join((name, *path)))
    module.__path__ = [str(pathlib.Path(importlib.util.find_spec(name).origin).parent.joinpath(*path))]
    return module


sys.modules["byzfl"] = package("byzfl")
flower = {name: package("flwr", *name.split(".")[1:]) for name in ("flwr", "flwr.server", "flwr.server.strategy")}
# What Flower's sums import and do not use here.
for name, used in (("flwr.common", ("FitRes", "NDArray", "NDArrays", "parameters_to_ndarrays")), ("flwr.server.client_proxy", ("ClientProxy",))):
    flower[name] = types.ModuleType(name)
    for each in used:
        setattr(flower[name], each, object)
sys.modules.update(flower)

import numpy as np
from byzfl.aggregators import aggregators, preaggregators
from flwr.server.strategy.aggregate import aggregate_bulyan, aggregate_krum


def caf(byzantine):
    """ByzFL's CAF makes one step of a power iteration from a random vector. Here it starts from the top eigenvector, which that step keeps.

    A vector of weight 0 still decides there how far is far: with one that is far out the loop does not end. Its difference is made 0, as ours has it.
    """

    def top_eigenvector(_dimension):
        weighed = sys._getframe(1).f_locals
        diffs, c = weighed["diffs"], weighed["c"]
        diffs[c == 0] = 0
        return np.linalg.eigh((c[:, None] * diffs).T @ diffs / c.sum())[1][:, -1]

    def aggregate(vectors):
        drawn, np.random.randn = np.random.randn, top_eigenvector
        try:
            return aggregators.CAF(f=byzantine)(vectors)
        finally:
            np.random.randn = drawn

    return aggregate


def bulyan(byzantine):
    def aggregate(vectors):
        inbox = [([vector], 1) for vector in vectors]
        return aggregate_bulyan(inbox, byzantine, aggregate_krum, to_keep=0)[0]

    return aggregate


def rule(name, byzantine):
    return {
        "median": lambda: aggregators.Median(),
        "trimmed-mean": lambda: aggregators.TrMean(f=byzantine),
        "krum": lambda: aggregators.Krum(f=byzantine),
        "multi-krum": lambda: aggregators.MultiKrum(f=byzantine),
        "geometric-median": lambda: aggregators.GeometricMedian(nu=0.1, T=3),
        "centered-clipping": lambda: aggregators.CenteredClipping(L=2, tau=1.0),
        "minimum-diameter": lambda: aggregators.MDA(f=byzantine),
        "meamed": lambda: aggregators.Meamed(f=byzantine),
        "nearest-neighbor-mixing": lambda: preaggregators.NNM(f=byzantine),
        "norm-bounding": lambda: preaggregators.Clipping(c=2.0),
        "covariance-filter": lambda: caf(byzantine),
        "bulyan": lambda: bulyan(byzantine),
    }[name]()


for line in sys.stdin:
    request = json.loads(line)
    vectors = np.array(request["vectors"], dtype=np.float64)
    result = rule(request["rule"], request["byzantine"])(vectors.copy())
    print(json.dumps(np.atleast_2d(result).tolist()))
