"""The client halves of three methods: docs/protocol-streams.md. Each is a coroutine over `port`, of rounds.py."""

from derive import Vector, blocks

GRADIENT = {"to": "coordinator", "vectors": ["gradient"], "scalars": ["examples"]}
MODEL = {"to": "cohort", "vectors": ["params"], "scalars": []}
KINDS = {
    "sgd": {"gradient": GRADIENT, "model": MODEL, "previousGradient": GRADIENT, "previousModel": MODEL},
    "fedavg": {"model": MODEL, "update": {"to": "coordinator", "vectors": ["delta"], "scalars": ["examples"]}},
    "gradient-tracking": {
        "adapted": {"to": "peers", "vectors": ["x"], "scalars": []},
        "corrected": {"to": "peers", "vectors": ["y"], "scalars": []},
        "iterate": {"to": "peers", "vectors": ["x", "y"], "scalars": []},
    },
}


async def sgd(port, problem, method, state):
    messages, _ = await port.take("model")
    if not messages:
        return None
    batch = port.rng.batch(problem.count, method["batchSize"])
    if batch:
        gradient = port.gradient(messages[0][1]["params"], batch)
        port.post("gradient", {"gradient": gradient, "examples": len(batch)})
    return None


async def fedavg(port, problem, method, state):
    messages, _ = await port.take("model")
    n = problem.count
    if not messages or n == 0:
        return None
    params = messages[0][1]["params"]
    rate, proximal = method["clientLearningRate"], method.get("proximal") or 0
    orders = [port.rng.permutation(n) for _ in range(method["localEpochs"])]
    y = params
    for order in orders:
        for batch in blocks(order, method["batchSize"]):
            g = port.gradient(y, batch)
            if proximal > 0:
                g = [g[i] + proximal * (y[i] - params[i]) for i in range(len(y))]
            y = problem.rounded([y[i] - rate * g[i] for i in range(len(y))])
    port.post("update", {"delta": problem.rounded([a - b for a, b in zip(y, params)]), "examples": n})
    return None


async def gradient_tracking(port, problem, method, state):
    size = method["batchSize"] or problem.count
    x, g = state["x"], state["gradient"]
    y = state["y"]
    if g is None:
        g = port.gradient(x, port.rng.batch(problem.count, size))
        y = g
    total = 0.0
    for v in y:
        total += v * v
    port.measures.append(["trackedGradientSquared", total])
    sent = port.post("iterate", {"x": x, "y": y})
    messages, absent = await port.take("iterate")
    mixed = {}
    for field, own in sent.items():
        sums = [0.0] * len(x)
        if absent:
            weight = 0.0
            for sender in absent:
                weight += port.weight(sender)
            sums = [weight * v for v in own]
        for sender, message in messages:
            sums = [t + port.weight(sender) * v for t, v in zip(sums, message[field])]
        mixed[field] = problem.rounded(sums)
    x = problem.rounded([a - method["stepSize"] * b for a, b in zip(mixed["x"], y)])
    after = port.gradient(x, port.rng.batch(problem.count, size))
    change = problem.rounded([a - b for a, b in zip(after, g)])
    y = problem.rounded([a + b for a, b in zip(mixed["y"], change)])
    return {"x": Vector(x, problem.wide), "y": Vector(y, problem.wide), "gradient": Vector(after, problem.wide)}


HALVES = {"sgd": sgd, "fedavg": fedavg, "gradient-tracking": gradient_tracking}


def initial(method, parameters, wide):
    if method != "gradient-tracking":
        return None
    return {"x": Vector(parameters, wide), "y": Vector([0.0] * len(parameters), wide), "gradient": None}
