"""Aggregates with ByzFL what comes as JSON on standard input, one request a line; prints one JSON list a line.

ByzFL imports torch everywhere, for tensors that are not used here: a module of that name with an empty Tensor class stands in.
Its package's __init__ would import the whole training framework: an empty package of that name gives its sub-packages alone.
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
location = pathlib.Path(importlib.util.find_spec("byzfl").origin).parent
package = types.ModuleType("byzfl")
package.__path__ = [str(location)]
sys.modules["byzfl"] = package

import numpy as np
from byzfl.aggregators import aggregators, preaggregators


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
    }[name]()


for line in sys.stdin:
    request = json.loads(line)
    vectors = np.array(request["vectors"], dtype=np.float64)
    result = rule(request["rule"], request["byzantine"])(vectors.copy())
    print(json.dumps(np.atleast_2d(result).tolist()))
