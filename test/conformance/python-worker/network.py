"""Simulated time: what computing costs on a client's device, and what a frame's way costs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    ms_per_round: float
    ms_per_example: float
    ns_per_parameter_coded: float

    def coding_ms(self, length):
        return self.ns_per_parameter_coded * length / 1e6


def device_of(devices, client):
    """The last entry that names the client."""
    found = None
    for entry in devices:
        if entry["clients"] == "all" or client in entry["clients"]:
            found = entry
    return Device(found["msPerRound"], found["msPerExample"], found["nsPerParameterCoded"])


class Network:
    """Delays of frames. Who posts to itself is not delayed, and never asks here."""

    def __init__(self, links, root):
        self._links = links
        self._root = root

    def delay(self, kind, sender, receiver, wire_bytes, round_, step):
        """Milliseconds from one party to another, a client's index or `coordinator`."""
        link = self._link(kind.name, sender, receiver)
        delay = link["latencyMs"]
        if link["jitterMs"] != 0:
            edge = self._root.derive("edge", "jitter", sender, receiver, round_.index, round_.attempt, kind.index, step)
            delay = delay + link["jitterMs"] * edge.uniform()
        if link["bandwidthMbps"] is not None:
            delay = delay + wire_bytes * 8 / (link["bandwidthMbps"] * 1000)
        return delay

    def _link(self, kind, sender, receiver):
        direction = "up" if receiver == "coordinator" else "down" if sender == "coordinator" else "peer"
        found = None
        for link in self._links:
            if link["kind"] in (None, kind) and link["direction"] in ("all", direction) and _names(link["from"], sender) and _names(link["to"], receiver):
                found = link
        return found


def _names(selection, party):
    if selection == "all":
        return True
    if selection in ("coordinator", "clients"):
        return (party == "coordinator") == (selection == "coordinator")
    return party in selection
