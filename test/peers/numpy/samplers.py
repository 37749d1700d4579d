"""pSGLD, FALD and Consensus Monte Carlo in numpy: innovations of recorded chains, exact laws of Gaussian models, combinations of draws.

A law is compared in standard errors of its estimate, from means of batches: the largest of all entries is returned.
"""

import math

import numpy as np
from servers import largest

BATCHES = 50


def standard_errors(values, exact):
    """values: (chains, draws, k) whose means should be `exact`. Batches of draws in a row are taken as independent."""
    values = np.asarray(values, float)
    chains, draws, k = values.shape
    per_chain = max(2, BATCHES // chains)
    length = draws // per_chain
    means = values[:, : per_chain * length].reshape(chains * per_chain, length, k).mean(1)
    deviation = means.std(0, ddof=1) / math.sqrt(len(means))
    return float(np.max(np.abs(means.mean(0) - exact) / deviation))


def moments_apart(draws, mean, covariance):
    """draws: (chains, draws, d). Mean, and second moments about the exact mean."""
    centred = np.asarray(draws) - mean
    products = np.einsum("cni,cnj->cnij", centred, centred).reshape(*centred.shape[:2], -1)
    return max(standard_errors(draws, mean), standard_errors(products, covariance.ravel()))


def normality(z):
    """z: independent standard normal numbers in rows. Mean, variance, fourth power, product with the next row and across columns."""
    z = np.asarray(z)
    n, k = z.shape
    root = math.sqrt(n)
    tests = [
        np.abs(z.mean(0)) * root,
        np.abs((z**2).mean(0) - 1) * root / math.sqrt(2),
        np.abs((z**4).mean(0) - 3) * root / math.sqrt(96),
        np.abs((z[1:] * z[:-1]).mean(0)) * root,
        [abs((z[:, a] * z[:, b]).mean()) * root for a in range(k) for b in range(a)],
    ]
    return float(max(np.max(test, initial=0) for test in tests))


def psgld(record):
    """points[t]: where the chain was at step t; shard[t]: on which; gradients[t]: mean gradient of -log-likelihood of its examples."""
    h, decay, epsilon = record["stepSize"], record["decay"], record["epsilon"]
    points, gradients, shard = (np.array(record[name]) for name in ("points", "gradients", "shard"))
    counts, frequencies = np.array(record["examples"], float), np.array(record["frequencies"])
    estimates = -gradients * (counts / frequencies)[shard][:, None]
    square = np.zeros(points.shape[1])
    innovations = []
    for t in range(len(points) - 1):
        square = decay * square + (1 - decay) * gradients[t] ** 2
        g = 1 / (epsilon + np.sqrt(square))
        drift = -points[t] / record["priorVariance"] + estimates[t]
        innovations.append((points[t + 1] - points[t] - h / 2 * g * drift) / np.sqrt(h * g))
    innovations = np.array(innovations)
    return max(normality(innovations), normality(innovations.reshape(-1, 1)))


def fald_innovations(record):
    """steps[r][i]: points of client i in round r, whose gradients of U_i are in slopes; averages[r]: where all agreed before it."""
    h, tau = record["stepSize"], record["commonNoise"]
    averages = np.array(record["averages"])
    b = len(record["steps"][0])
    g = b * h / 2
    covariance = 2 * g * (tau / b * np.ones((b, b)) + (1 - tau) * np.eye(b))
    # By eigenvectors, so that what is common to all clients stays apart from what is not.
    values, vectors = np.linalg.eigh(covariance)
    whiten = (vectors / np.sqrt(values)).T
    inside, means = [], []
    for r in range(len(averages) - 1):
        points, slopes = np.array(record["steps"][r]), np.array(record["slopes"][r])
        if not np.array_equal(points[:, 0], np.repeat(averages[r][None], b, 0)):
            raise ValueError(f"round {r} does not begin at the average")
        moved = points - g * slopes
        for k in range(points.shape[1] - 1):
            inside.append(whiten @ (points[:, k + 1] - moved[:, k]))
        means.append((averages[r + 1] - moved[:, -1].mean(0)) / math.sqrt(h))
    inside = np.array(inside)
    pooled = inside.transpose(0, 2, 1).reshape(-1, b)
    return max(normality(inside.reshape(len(inside), -1)), normality(pooled), normality(means))


def fald_steps(record):
    """Numbers of local steps are geometric with mean K: mean and variance, in standard errors of a sample of this size."""
    lengths = np.array(record["lengths"], float)
    mean = record["meanLocalSteps"]
    p = 1 / mean
    variance = (1 - p) / p**2
    fourth = variance * (9 * (1 - p) + p * p) / p**2
    root = math.sqrt(len(lengths))
    return max(
        abs(lengths.mean() - mean) / math.sqrt(variance) * root,
        abs(((lengths - mean) ** 2).mean() - variance) / math.sqrt(fourth - variance**2) * root,
    )


def shards_of(record):
    d = len(record["shards"][0]["mean"])
    curvature = [s["count"] * np.array(s["precision"]).reshape(d, d) for s in record["shards"]]
    eta = [h @ np.array(s["mean"]) for h, s in zip(curvature, record["shards"])]
    return d, np.array(curvature), np.array(eta), np.eye(d) / record["priorVariance"]


def fald_law(record):
    """averages: (chains, rounds, d) after each synchronisation, against the exact moments: affine maps of (theta, reference)."""
    h, tau, q = record["stepSize"], record["commonNoise"], record["refreshProbability"]
    d, curvature, eta, prior = shards_of(record)
    b = len(curvature)
    g = b * h / 2
    p = curvature + prior / b
    a = np.eye(d) - g * p
    reduced = record["varianceReduction"]
    pull = g * (p - p.mean(0)) if reduced else np.zeros_like(p)
    push = np.repeat(g * eta.mean(0)[None], b, 0) if reduced else g * eta
    power, sums = np.repeat(np.eye(d)[None], b, 0), np.zeros((b, d, d))
    noise = np.zeros((d, d))
    first_map, first_shift = np.zeros((2 * d, 2 * d)), np.zeros(2 * d)
    cases, stays = [], 1.0
    while stays > 1e-17:
        common = power.mean(0)
        noise = noise + h * (1 - tau) / b * np.einsum("iab,icb->ac", power, power) + h * tau * common @ common.T
        sums = sums + power
        power = a @ power
        shift = np.concatenate([(sums @ push[:, :, None]).mean(0).ravel(), np.zeros(d)])
        own, back = power.mean(0), (sums @ pull).mean(0)
        full = np.zeros((2 * d, 2 * d))
        full[:d, :d] = noise
        stops = stays / record["meanLocalSteps"]
        keep, zero, one = np.block([[own, back], [np.zeros((d, d)), np.eye(d)]]), np.zeros((d, d)), np.eye(d)
        renew = np.block([[own + back, zero], [one, zero]])
        for weight, affine in ((stops * q, renew), (stops * (1 - q), keep)):
            if weight == 0:
                continue
            cases.append((weight, affine, shift, full))
            first_map += weight * affine
            first_shift += weight * shift
        stays -= stops
        if record["meanLocalSteps"] == 1:
            break
    mu = np.linalg.solve(np.eye(2 * d) - first_map, first_shift)
    operator, constant = np.eye(4 * d * d), np.zeros((2 * d, 2 * d))
    for weight, affine, shift, full in cases:
        operator -= weight * np.kron(affine, affine)
        moved = affine @ mu
        constant += weight * (np.outer(moved, shift) + np.outer(shift, moved) + np.outer(shift, shift) + full)
    second = np.linalg.solve(operator, constant.ravel()).reshape(2 * d, 2 * d)
    covariance = (second - np.outer(mu, mu))[:d, :d]
    return moments_apart(record["averages"], mu[:d], covariance)


def consensus(record):
    """local: (shards, chains, draws, d) as they were sent; combined: (chains, draws, d). Weights from a chain's own draws."""
    local, combined = np.array(record["local"]), np.array(record["combined"])
    if record["combination"] == "average":
        return largest(local.mean(0), combined)
    worst = 0.0
    for chain, draws in enumerate(combined):
        weights = np.array([np.linalg.inv(np.cov(one[chain].T)) for one in local])
        expected = np.einsum("sij,snj->ni", weights, local[:, chain]) @ np.linalg.inv(weights.sum(0)).T
        worst = max(worst, largest(expected, draws))
    return worst


def consensus_local(record):
    """local: (shards, chains, draws, d), against the stationary law of SGLD on prior^(1/S) times the shard's likelihood."""
    d, curvature, eta, prior = shards_of(record)
    worst = 0.0
    for draws, h, shift in zip(np.array(record["local"]), curvature, eta):
        p = h + prior / len(curvature)
        law = np.linalg.inv(p @ (np.eye(d) - record["stepSize"] / 4 * p))
        worst = max(worst, moments_apart(draws, np.linalg.solve(p, shift), law))
    return worst


def consensus_product(record):
    """combined: (chains, draws, d), independent draws of the product of the Gaussians with the moments of a chain's draws on each shard."""
    local, combined = np.array(record["local"]), np.array(record["combined"])
    white = []
    for chain, draws in enumerate(combined):
        precisions = [np.linalg.inv(np.cov(one[chain].T)) for one in local]
        whole = np.linalg.inv(np.sum(precisions, axis=0))
        mean = whole @ np.sum([p @ one[chain].mean(0) for p, one in zip(precisions, local)], axis=0)
        white.append((draws - mean) @ np.linalg.cholesky(np.linalg.inv(whole)))
    return normality(np.concatenate(white))
