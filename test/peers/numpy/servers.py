"""AGVM, PowerSGD and FetchSGD in numpy, from their papers' formulas, fed with recorded gradients or known objectives.

Each function takes one record (a dict read from JSON) and returns the largest relative difference of all parameters after each round.
"""

import numpy as np

OFFSET = 1e-6


def largest(ours, theirs):
    """Largest difference, relative to the largest magnitude there is."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    return float(np.max(np.abs(ours - theirs)) / max(np.max(np.abs(theirs)), 1e-300))


def modules_of(segments):
    names, parts = [], {}
    for segment in segments:
        size = int(np.prod(segment["shape"]))
        if segment["module"] not in names:
            names.append(segment["module"])
        parts.setdefault(segment["module"], []).append(np.arange(segment["offset"], segment["offset"] + size))
    return names, [np.concatenate(parts[name]) for name in names]


def cosine(a, b):
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def agvm(record):
    """gradients[t][c], examples[c], params[t]: after t rounds. Halves: first half of the clients against the second."""
    settings = record["settings"]
    gradients = np.array(record["gradients"])
    weights = np.array(record["examples"], float)
    names, modules = modules_of(record["segments"])
    reference = names.index(settings["referenceModule"]) if settings["referenceModule"] else 0
    optimizer = settings["optimizer"]
    adam = optimizer["name"] == "adamw"
    x = np.array(record["params"][0])
    velocity, square = np.zeros_like(x), np.zeros_like(x)
    multipliers = np.ones(len(names))
    clients = gradients.shape[1]
    path = [x]
    for t in range(len(gradients)):
        mean_of = lambda who: np.average(gradients[t][who], axis=0, weights=weights[who])
        everyone = np.arange(clients)
        gradient = mean_of(everyone)
        if t >= settings["start"] and t % settings["interval"] == 0:
            halves = [mean_of(everyone[: clients // 2]), mean_of(everyone[clients // 2 :])]
            if adam:
                beta2, eps = optimizer["beta2"], optimizer["epsilon"]
                # Each half's share of the whole mean: at this scale the authors' code adds its square to v.
                shares = [weights[: clients // 2].sum() / weights.sum(), weights[clients // 2 :].sum() / weights.sum()]
                halves = [g * share for g, share in zip(halves, shares)]
                halves = [g / (np.sqrt(beta2 * square + (1 - beta2) * g * g) + eps) for g in halves]
            apart = np.array([1 - cosine(halves[0][m], halves[1][m]) for m in modules])
            if settings["form"] == "code":
                fresh = np.sqrt(np.clip((apart[reference] + OFFSET) / (apart + OFFSET), *settings["bounds"]))
            else:
                fresh = np.sqrt(apart[reference] / apart)
            multipliers = settings["averaging"] * multipliers + (1 - settings["averaging"]) * fresh
        rate = np.zeros_like(x)
        for multiplier, m in zip(multipliers, modules):
            rate[m] = optimizer["learningRate"] * (1.0 if settings["staticRate"] else multiplier)
        clipping = settings["clipping"]
        if clipping and clipping["from"] <= t < clipping["until"]:
            gradient = gradient * min(1.0, clipping["norm"] / np.linalg.norm(gradient))
        if adam:
            beta1, beta2 = optimizer["beta1"], optimizer["beta2"]
            velocity = beta1 * velocity + (1 - beta1) * gradient
            square = beta2 * square + (1 - beta2) * gradient**2
            step = velocity / (1 - beta1 ** (t + 1)) / (np.sqrt(square / (1 - beta2 ** (t + 1))) + optimizer["epsilon"])
            x = x - rate * (step + optimizer["weightDecay"] * x)
        else:
            velocity = optimizer["momentum"] * velocity + gradient + optimizer["weightDecay"] * x
            x = x - rate * velocity
        path.append(x)
    return largest(path, record["params"])


def orthonormal(p):
    """Gram-Schmidt, column after column."""
    q = p.copy()
    for k in range(q.shape[1]):
        for j in range(k):
            q[:, k] -= (q[:, j] @ q[:, k]) * q[:, j]
        q[:, k] /= np.linalg.norm(q[:, k])
    return q


def powersgd(record):
    """Workers' matrices and errors, one shared Q a tensor; what the mean of gradients loses stays with each worker."""
    settings = record["settings"]
    rank, momentum, rate = settings["rank"], settings["momentum"], settings["learningRate"]
    gradients = np.array(record["gradients"])
    clients = gradients.shape[1]
    x = np.array(record["params"][0])
    velocity = np.zeros_like(x)
    error = np.zeros((clients, len(x)))
    tensors = []
    for segment in record["segments"]:
        rows = segment["shape"][0]
        columns = int(np.prod(segment["shape"][1:]))
        whole = len(segment["shape"]) < 2 or rows * columns <= settings["leastRatio"] * rank * (rows + columns)
        place = slice(segment["offset"], segment["offset"] + rows * columns)
        tensors.append((place, rows, columns, min(rank, rows, columns), whole))
    path = [x]
    kept, unexplained = None, 0.0
    for t in range(len(gradients)):
        update = np.zeros_like(x)
        if not settings["warmStart"]:
            bases = None
        elif t == 0:
            bases = bases_of(record["bases"][0], tensors)
        else:
            bases = kept
        kept, at = [], 0
        for n, (place, rows, columns, r, whole) in enumerate(tensors):
            if whole:
                update[place] = gradients[t][:, place].mean(0)
                kept.append(None)
                continue
            m = (gradients[t][:, place] + error[:, place]).reshape(clients, rows, columns)
            if bases is None:
                # The fresh Q is the one that explains what all workers sent; the least squares leave nothing if it is one.
                left = np.array(record["left"][t])[:, at : at + rows * r].reshape(-1, r)
                at += rows * r
                basis = np.linalg.lstsq(m.reshape(-1, columns), left, rcond=None)[0]
                unexplained = max(unexplained, largest(m.reshape(-1, columns) @ basis, left))
            else:
                basis = bases[n]
            p = orthonormal((m @ basis).mean(0))
            q = (m.transpose(0, 2, 1) @ p).mean(0)
            update[place] = (p @ q.T).ravel()
            error[:, place] = m.reshape(clients, -1) - update[place]
            kept.append(q)
        velocity = momentum * velocity + update
        x = x - rate * (update + velocity)
        path.append(x)
    return max(largest(path, record["params"]), unexplained)


def bases_of(flat, tensors):
    """The first Q of each tensor, columns x rank, row by row, one after the other."""
    bases, at = [], 0
    for _, _, columns, rank, whole in tensors:
        if whole:
            bases.append(None)
            continue
        bases.append(np.array(flat[at : at + columns * rank]).reshape(columns, rank))
        at += columns * rank
    if at != len(flat):
        raise ValueError(f"a basis of {len(flat)} numbers, expected {at}")
    return bases


def fetchsgd(record):
    """Quadratics with known matrices and centres. cells_of[i]: the sketch of the i-th unit vector, which shows hashes and signs."""
    settings = record["settings"]
    matrices, centres = np.array(record["matrices"]), np.array(record["centres"])
    d = centres.shape[1]
    unit = np.array(record["cellsOf"])  # d x rows x columns
    cell = np.abs(unit).argmax(2)
    sign = unit.sum(2)
    rows = unit.shape[1]
    sketch = lambda v: np.einsum("irc,i->rc", unit, v)
    errors, velocity = np.zeros(unit.shape[1:]), np.zeros(unit.shape[1:])
    x = np.array(record["params"][0])
    path = [x]
    for _ in range(len(record["params"]) - 1):
        gradient = np.einsum("cij,cj->ci", matrices, x - centres)
        velocity = settings["momentum"] * velocity + np.mean([sketch(g) for g in gradient], axis=0)
        errors = errors + settings["learningRate"] * velocity
        estimates = np.median([sign[:, r] * errors[r, cell[:, r]] for r in range(rows)], axis=0)
        chosen = np.argsort(-np.abs(estimates), kind="stable")[: min(settings["kept"], d)]
        change = np.zeros(d)
        change[chosen] = estimates[chosen]
        if settings["extraction"] == "zero":
            for r in range(rows):
                errors[r, cell[chosen, r]] = 0
                velocity[r, cell[chosen, r]] = 0
        else:
            errors = errors - sketch(change)
        x = x - change
        path.append(x)
    return largest(path, record["params"])
