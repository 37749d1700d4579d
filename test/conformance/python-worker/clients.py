"""A client that a worker hosts: what it keeps from round to round."""

from dataclasses import dataclass, field

import numpy as np

import records
from refusals import Breach


@dataclass
class Client:
    """`state` and `memories` are those of the last settled round; arrays in them are never changed in place."""

    index: int
    state: object
    memories: dict = field(default_factory=dict)
    clock: float = 0.0
    undelivered: list = field(default_factory=list)
    has_taken_part: bool = False

    def record(self):
        """The bytes of a checkpoint."""
        return records.encode(
            {"clockMs": self.clock, "memories": self.memories, "state": self.state, "undelivered": self.undelivered}
        )

    def restore(self, data):
        content = records.decode(data)
        if not isinstance(content, dict) or set(content) != {"clockMs", "memories", "state", "undelivered"}:
            raise Breach("a record that is not a client's")
        self.state, self.memories = content["state"], content["memories"]
        self.clock, self.undelivered = float(content["clockMs"]), content["undelivered"]
        self.has_taken_part = True

    def reset(self, state):
        """Back to the record of `init`; the clock stays."""
        self.state, self.memories, self.undelivered = state, {}, []


def new_client(index, method, params):
    return Client(index, method.initial_state(np.array(params)))
