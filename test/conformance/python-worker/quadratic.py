"""The quadratic objective: each client has a curvature and the centres of its examples, drawn or given."""

import numpy as np

from functions import exp, log, ordered_sum


class Quadratic:
    """Mean of (x - centre) A (x - centre) / 2 over the client's examples."""

    def __init__(self, settings, root, precision):
        self._settings = settings
        self._stream = root.derive("objective")
        self._precision = precision
        self._clients = {}
        self.length = settings["dimension"]
        self.segments = [self.length]

    def initial(self):
        return np.full(self.length, self._settings["initialValue"], dtype=self._precision)

    def examples(self, client):
        return self._settings["examples"]

    def gradient(self, client, params, batch):
        """At `params`, of the mean loss over the batch, at the run's precision."""
        curvature, centres = self._of(client)
        offsets = ordered_sum(params.astype(np.float64) - centres[batch])
        if len(batch) > 1:
            offsets = offsets / len(batch)
        product = curvature * offsets if curvature.ndim == 1 else ordered_sum(curvature * offsets, axis=1)
        return product.astype(self._precision)

    def _of(self, client):
        if client not in self._clients:
            self._clients[client] = (self._curvature(client), self._centres(client))
        return self._clients[client]

    def _drawn(self, client, what):
        return self._stream.derive("quadratic", client).derive(what)

    def _rounded_normals(self, stream, count):
        return stream.normals(count).astype(self._precision).astype(np.float64)

    def _curvature(self, client):
        d, full = self.length, self._settings["curvature"] == "full"
        if self._settings["matrices"]:
            given = np.array(self._settings["matrices"][client], dtype=np.float64)
            return given.reshape(d, d) if full else given
        stream = self._drawn(0 if self._settings["sameCurvature"] else client, "curvature")
        eigenvalues = self._eigenvalues(stream)
        return self._turned(eigenvalues, stream) if full else eigenvalues

    def _eigenvalues(self, stream):
        least, largest = self._settings["smallestEigenvalue"], self._settings["largestEigenvalue"]
        reach = log(largest / least)
        order = stream.permutation(self.length)
        shares = np.concatenate([np.zeros(1), stream.uniforms(max(0, self.length - 2))])
        values = np.empty(self.length)
        values[order[0]] = largest
        values[order[1:]] = (least * exp(reach * shares))[: self.length - 1]
        return values

    def _turned(self, eigenvalues, stream):
        """A matrix with these eigenvalues: the diagonal one, reflected once for each dimension."""
        matrix = np.diag(eigenvalues)
        for _ in range(self.length):
            v = self._rounded_normals(stream, self.length)
            f = 2.0 / ordered_sum(v * v)
            a = ordered_sum(matrix * v, axis=1)
            m = ordered_sum(v * a)
            crossed = v[:, None] * a[None, :] + a[:, None] * v[None, :]
            matrix = matrix - f * (crossed - (f * m) * (v[:, None] * v[None, :]))
        return matrix

    def _centres(self, client):
        d, n = self.length, self._settings["examples"]
        if self._settings["centres"]:
            centre = np.array(self._settings["centres"][client], dtype=np.float64)
        else:
            centre = self._rounded_normals(self._drawn(client, "centre"), d) * self._settings["centreSpread"]
        spread = self._settings["exampleSpread"]
        if not spread > 0:
            return np.tile(centre, (n, 1))
        rows = self._rounded_normals(self._drawn(client, "examples"), n * d).reshape(n, d)
        rows = rows - ordered_sum(rows / n)
        return centre + spread * rows
