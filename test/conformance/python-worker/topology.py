"""Who is whose neighbour on the ring, and with which weight: Metropolis, perhaps lazy."""

from refusals import Unsupported


class Ring:
    """Neighbours of i are i - 1 and i + 1, modulo the number of clients. `weights(i)`: {j: weight}, i itself among them, ascending."""

    def __init__(self, settings, clients):
        if settings["name"] != "ring" or settings["weights"] != "metropolis":
            raise Unsupported(f"no topology {settings['name']} with weights {settings['weights']}")
        self._clients = clients
        self._lazy = settings["lazy"]

    def neighbours(self, client):
        """The others, ascending: the same for both directions."""
        around = {(client - 1) % self._clients, (client + 1) % self._clients}
        return sorted(around - {client})

    def weights(self, client):
        own, weights = self.neighbours(client), {}
        total = 0.0
        for other in own:
            weights[other] = 1 / (1 + max(len(own), len(self.neighbours(other))))
            total += weights[other]
        weights[client] = 1 - total
        if self._lazy:
            weights = {other: weight / 2 for other, weight in weights.items()}
            weights[client] += 0.5
        return dict(sorted(weights.items()))
