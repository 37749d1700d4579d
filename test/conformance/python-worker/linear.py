"""Linear and softmax objectives: docs/protocol-streams.md."""

from derive import exp, single


class Linear:
    """One client's share. `outputs`: 1, or one for each class."""

    def __init__(self, examples, indices, outputs, wide, settings):
        self.rows = [examples.rows[i] for i in indices]
        self.answers = [(examples.targets or examples.labels)[i] for i in indices]
        self.outputs, self.wide, self.squared = outputs, wide, settings["softmax"] is False
        self.l2, self.bias = settings["l2"], settings["bias"]
        self.count = len(indices)

    def rounded(self, values):
        return list(values) if self.wide else [single(x) for x in values]

    def slopes(self, x, row, answer):
        k, p = self.outputs, len(row)
        z = [0.0] * k
        for j, v in enumerate(row):
            if v != 0:
                z = [t + v * w for t, w in zip(z, x[j * k:j * k + k])]
        if self.bias:
            z = [t + b for t, b in zip(z, x[p * k:])]
        if self.squared:
            return [z[0] - answer]
        largest = max(z)
        e = [exp(t - largest) for t in z]
        total = 0.0
        for t in e:
            total += t
        inverse = 1 / total
        slopes = [t * inverse for t in e]
        slopes[answer] -= 1
        return slopes

    def gradient(self, x, batch):
        k = self.outputs
        sums = [0.0] * len(x)
        for i in batch:
            row = self.rows[i]
            slopes = self.slopes(x, row, self.answers[i])
            for j, v in enumerate(row):
                if v != 0:
                    for c in range(k):
                        sums[j * k + c] += v * slopes[c]
            if self.bias:
                for c in range(k):
                    sums[len(row) * k + c] += slopes[c]
        share = 1 / len(batch) if batch else 0
        if self.l2 == 0:
            return self.rounded([share * s for s in sums])
        return self.rounded([share * s + self.l2 * v for s, v in zip(sums, x)])


def dimension(features, outputs, settings):
    return (features + (1 if settings["bias"] else 0)) * outputs
