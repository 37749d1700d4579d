"""What a scenario becomes on a worker: data, objective, method, codecs and simulated costs of the clients that it hosts."""

import numpy as np

from coders import coder_of
from datasets import read_data
from hashes import read_hashes
from memories import memory_of
from methods import method_of
from network import Network, device_of
from quadratic import Quadratic
from refusals import Unsupported
from regression import Regression
from streams import root
from topology import Ring

_REQUIRED = ("seed", "precision", "clients", "method", "objective", "data", "codecs", "devices", "links", "workers")


def _check(scenario):
    """Raises Unsupported for what would change the work of a client and is not in this worker."""
    for key in _REQUIRED:
        if key not in scenario:
            raise Unsupported(f"a scenario without {key}")
    if scenario["precision"] not in ("float64", "float32"):
        raise Unsupported(f"no precision {scenario['precision']}")
    for key in ("use", "initial", "faults", "timingOnly"):
        if scenario.get(key):
            raise Unsupported(f"a scenario with {key}")
    for what, value in (scenario.get("stress") or {}).items():
        if value:
            raise Unsupported(f"a scenario with stress.{what}")


def _objective(settings, data, stream, precision):
    if settings["name"] == "quadratic":
        return Quadratic(settings, stream, precision)
    if settings["name"] in ("linear-regression", "softmax-regression"):
        return Regression(settings, data, precision)
    raise Unsupported(f"no objective {settings['name']}")


class Setup:
    """Read from a scenario; raises Unsupported where this worker cannot host it. It computes: the data are drawn here."""

    def __init__(self, scenario, clients):
        _check(scenario)
        self.precision = np.dtype(scenario["precision"])
        self.root = root(scenario["seed"])
        self.party_count = scenario["clients"]
        self.heartbeat = scenario["workers"]["heartbeatMs"] / 1000
        self.peer_down = scenario["workers"].get("peerDownMs", 3000) / 1000
        self.method = method_of(scenario["method"])
        self._kinds = {kind.name: kind for kind in self.method.kinds}
        for name in scenario.get("aggregators") or {}:
            if name in self._kinds and self._kinds[name].to != "coordinator":
                raise Unsupported(f"an aggregator of {name} at the clients")
        self.topology = Ring(scenario["topology"], self.party_count) if self.method.between_clients else None
        data = read_data(scenario["data"], self.party_count, self.root)
        self.objective = _objective(scenario["objective"], data, self.root, self.precision)
        self.initial = self.objective.initial()
        self.hashes = read_hashes(data, self.initial)
        codecs = [scenario["codecs"].get(kind.name) for kind in self.method.kinds]
        self.coders = [coder_of(codec, self.objective.segments, self.precision) for codec in codecs]
        self.memories = [memory_of(codec and codec["memory"], self.precision) for codec in codecs]
        self.devices = {client: device_of(scenario["devices"], client) for client in clients}
        self.network = Network(scenario["links"], self.root)

    def kind(self, name):
        return self._kinds[name]

    def initial_state(self):
        """A client's state before its first round."""
        return self.method.initial_state(self.initial)

    def others(self, client):
        """The neighbours of a client without itself, ascending; none where the method has no graph."""
        return [] if self.topology is None else self.topology.neighbours(client)
