"""Variance-reduced aggregation under channel noise, and mixing matrices with their spectra, in numpy."""

import numpy as np
from servers import largest


def at(schedule, step):
    return schedule["rate"] / (step + schedule["offset"])


def vra(record):
    """x[t][i] and s[t][i] after t rounds of n peers; noise[t]["x" or "s"][receiver][sender], 0 where there is no edge.

    Gradients are of known quadratics (VRA-DGT), or recorded with the points where they were taken (VRA-DSGT): then
    fresh[t][i] is at the newest point and stale[t][i] at the one before, on the same examples.
    """
    settings, w = record["settings"], np.array(record["mixing"])
    noise = {name: np.array([step[name] for step in record["noise"]]) for name in ("x", "s")}
    rounds, n = noise["x"].shape[0], len(w)
    x = np.array(record["x"][0])
    s = np.zeros_like(x)
    own = np.diag(w)[:, None]
    before, aggregate = {"x": x, "s": s}, {"x": None, "s": None}
    path_x, path_s, estimate = [x], [s], None
    worst_point = 0.0
    for t in range(rounds):
        alpha, gamma = at(settings["stepSize"], t), at(settings["mixing"], t)
        beta = 1.0 if t == 0 else min(1.0, at(settings["aggregationWeight"], t))
        now = {"x": x, "s": s}
        for name, value in now.items():
            combined = before[name] + (value - before[name]) / beta
            received = combined[None, :, :] + noise[name][t]
            arrived = own * combined + np.einsum("ij,ijk->ik", w - np.diag(np.diag(w)), received)
            aggregate[name] = arrived if t == 0 else (1 - beta) * aggregate[name] + beta * arrived
        if "matrices" in record:
            gradient = np.einsum("cij,cj->ci", np.array(record["matrices"]), x - np.array(record["centres"]))
        else:
            worst_point = max(worst_point, largest(x, record["points"][t]))
            fresh = np.array(record["fresh"][t])
            if t == 0:
                estimate = fresh
            else:
                worst_point = max(worst_point, largest(before["x"], record["stalePoints"][t]))
                estimate = fresh + (1 - beta) * (estimate - np.array(record["stale"][t]))
            gradient = estimate
        s_next = s + gamma * (aggregate["s"] - s) + alpha * gradient
        x_next = x + gamma * (aggregate["x"] - x) - (s_next - s)
        before, x, s = now, x_next, s_next
        path_x.append(x)
        path_s.append(s)
    return max(largest(path_x, record["x"]), largest(path_s, record["s"]), worst_point)


def graph(name, n, round_, settings):
    """edges[i][j]: i receives from j, without the loops."""
    edges = np.zeros((n, n), bool)
    i = np.arange(n)
    if name == "complete":
        edges[:] = True
    if name == "ring":
        edges[i, (i + 1) % n] = edges[(i + 1) % n, i] = True
    if name == "path":
        edges[i[:-1], i[1:]] = edges[i[1:], i[:-1]] = True
    if name == "star":
        edges[0, 1:] = edges[1:, 0] = True
    if name == "torus":
        rows = settings.get("rows") or next(r for r in range(int(n**0.5), 0, -1) if n % r == 0)
        columns = n // rows
        for a in range(rows):
            for b in range(columns):
                for c, e in (((a + 1) % rows, b), (a, (b + 1) % columns)):
                    one, other = a * columns + b, c * columns + e
                    edges[one, other] = edges[other, one] = True
    if name == "hypercube":
        for k in range(n):
            for bit in range(n.bit_length() - 1):
                edges[k, k ^ (1 << bit)] = True
    if name == "exponential":
        for hop in range((n - 1).bit_length()):
            edges[i, (i + 2**hop) % n] = True
    if name == "one-peer-exponential":
        hop = round_ % (n - 1).bit_length()
        edges[i, (i + 2**hop) % n] = True
    if name == "edge-list":
        for a, b in settings["edges"]:
            edges[b, a] = True
            edges[a, b] |= not settings.get("directed", False)
    edges[i, i] = False
    return edges


def weights_of(edges, kind, lazy):
    n = len(edges)
    incoming, outgoing = edges.sum(1), edges.sum(0)
    w = np.zeros((n, n))
    for a in range(n):
        for b in np.flatnonzero(edges[a]):
            if kind == "metropolis":
                w[a, b] = 1 / (1 + max(incoming[a], incoming[b]))
            if kind == "maximum-degree":
                w[a, b] = 1 / (1 + incoming.max())
            if kind == "uniform":
                w[a, b] = 1 / (1 + incoming[a])
            if kind == "push-sum":
                w[a, b] = 1 / (1 + outgoing[b])
    w[np.arange(n), np.arange(n)] = 1 - (w.sum(0) if kind == "push-sum" else w.sum(1))
    return (np.eye(n) + w) / 2 if lazy else w


def mixing(record):
    """Every weight against the graph's own formula; the gap against the singular values of W - J."""
    n = record["clients"]
    worst = 0.0
    for t, given in enumerate(record["matrices"]):
        if record["name"] == "drawn":
            edges = np.array(given) > 0
            np.fill_diagonal(edges, False)
        else:
            edges = graph(record["name"], n, t, record["settings"])
        worst = max(worst, largest(weights_of(edges, record["weights"], record["lazy"]), given))
    if record["gap"] is not None:
        norm = np.linalg.svd(np.array(record["matrices"][0]) - 1 / n, compute_uv=False)[0]
        worst = max(worst, abs((1 - norm) - record["gap"]))
    if record["formula"] is not None:
        worst = max(worst, abs(1 - record["formula"] - record["gap"]))
    return worst
