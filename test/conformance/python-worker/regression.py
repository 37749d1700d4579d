"""Linear and softmax regression on a data set: weights input by input, then one bias for each output."""

import numpy as np

from functions import exp, ordered_sum
from refusals import Unsupported


class Regression:
    def __init__(self, settings, data, precision):
        self._softmax = settings["name"] == "softmax-regression"
        self._l2 = settings["l2"]
        self._bias = settings["bias"]
        self._data = data
        self._precision = precision
        if data.train.features.ndim != 2:
            raise Unsupported(f"{settings['name']} without a data set", "ERR_OBJECTIVE")
        if len(data.train.labels if self._softmax else data.train.targets) == 0:
            raise Unsupported(f"{settings['name']} on a data set without what it fits", "ERR_OBJECTIVE")
        self._inputs = data.train.features.shape[1]
        self._outputs = data.classes if self._softmax else 1
        weights = self._inputs * self._outputs
        self.length = weights + (self._outputs if self._bias else 0)
        self.segments = [weights, self._outputs] if self._bias else [weights]

    def initial(self):
        return np.zeros(self.length, dtype=self._precision)

    def examples(self, client):
        return len(self._data.shards[client])

    def gradient(self, client, params, batch):
        """At `params`, of the mean loss over the batch (indices into the client's examples), at the run's precision."""
        params = params.astype(np.float64)
        rows = self._data.shards[client][batch]
        x = self._data.train.features[rows].astype(np.float64)
        slopes = self._slopes(x, rows, params)
        sums = [np.zeros((self._inputs, self._outputs))]
        for example, slope in zip(x, slopes):  # one example after the other: the order of the additions is part of the result
            sums[0] += example[:, None] * slope[None, :]
        if self._bias:
            sums.append(ordered_sum(slopes))
        total = np.concatenate([part.reshape(-1) for part in sums])
        gradient = (1.0 / max(1, len(batch))) * total  # of no examples: 0
        if self._l2:
            gradient = gradient + self._l2 * params
        return gradient.astype(self._precision)

    def _outputs_of(self, x, params):
        weights = params[: self._inputs * self._outputs].reshape(self._inputs, self._outputs)
        outputs = np.zeros((len(x), self._outputs))
        for j in range(self._inputs):
            # An input of 0 is left out; its product would be NaN beside a weight that is not finite.
            outputs += np.where(x[:, j, None] == 0, 0.0, x[:, j, None] * weights[j][None, :])
        if self._bias:
            outputs = outputs + params[self._inputs * self._outputs :]
        return outputs

    def _slopes(self, x, rows, params):
        outputs = self._outputs_of(x, params)
        if not self._softmax:
            return outputs - self._data.train.targets[rows][:, None]
        powers = exp(outputs - outputs.max(axis=1, keepdims=True))
        slopes = powers * (1.0 / ordered_sum(powers, axis=1))[:, None]
        slopes[np.arange(len(x)), self._data.train.labels[rows]] -= 1.0
        return slopes
