"""Client halves of the methods, and the kinds of their messages."""

from dataclasses import dataclass

import numpy as np

from functions import ordered_sum
from refusals import Unsupported


@dataclass(frozen=True)
class Kind:
    """Messages of one name: from `clients` or the `coordinator`, to the `coordinator`, the `cohort` or the `peers`."""

    name: str
    index: int
    sender: str
    to: str
    vectors: tuple
    scalars: tuple = ()


def _kinds(**declared):
    """Kinds by index: the position of their names, sorted."""
    return [Kind(name, index, *declared[name]) for index, name in enumerate(sorted(declared))]


class Sgd:
    """The mean gradient of a batch at the coordinator's model."""

    kinds = _kinds(
        gradient=("clients", "coordinator", ("gradient",), ("examples",)),
        model=("coordinator", "cohort", ("params",)),
        previousGradient=("clients", "coordinator", ("gradient",), ("examples",)),
        previousModel=("coordinator", "cohort", ("params",)),
    )
    coordinated = True  # has the method a half at the coordinator?
    between_clients = False

    def __init__(self, settings):
        clipping = settings["tensorClipping"]
        if settings["importance"] is not None or (clipping is not None and clipping["site"] != "coordinator"):
            raise Unsupported("sgd with importance, or with tensors clipped at the clients")
        if settings["optimizer"]["name"] == "mars":
            raise Unsupported("sgd with an optimizer that needs more than the mean gradient")
        self._batch_size = settings["batchSize"]

    def initial_state(self, params):
        return None

    def estimates(self, state):
        """The vectors that a client would name as its model, or None where its method has none."""
        return None

    async def half(self, ctx, state):
        messages, _ = await ctx.take("model")
        if not messages:
            return None
        params = messages[0][1]["params"]
        batch = ctx.rng.batch(ctx.examples, self._batch_size)
        if not batch:
            return None
        gradient = await ctx.gradient(params, batch)
        await ctx.post("gradient", {"gradient": gradient, "examples": len(batch)})
        return None


class FedAvg:
    """Local steps from the coordinator's model; the difference goes back."""

    kinds = _kinds(
        model=("coordinator", "cohort", ("params",)),
        update=("clients", "coordinator", ("delta",), ("examples",)),
    )
    coordinated = True
    between_clients = False

    def __init__(self, settings):
        if settings["leastLocalShare"] != 1:
            raise Unsupported("fedavg with partial work")
        self._epochs = settings["localEpochs"]
        self._batch_size = settings["batchSize"]
        self._rate = settings["clientLearningRate"]
        self._proximal = settings["proximal"]

    def initial_state(self, params):
        return None

    def estimates(self, state):
        return None

    async def half(self, ctx, state):
        messages, _ = await ctx.take("model")
        if not messages or ctx.examples == 0:
            return None
        params = messages[0][1]["params"]
        batches = []
        for _ in range(self._epochs):  # all epochs are drawn before the first step
            order = ctx.rng.permutation(ctx.examples)
            batches += [order[i : i + self._batch_size] for i in range(0, len(order), self._batch_size)]
        y, start = params, params.astype(np.float64)
        for batch in batches:
            step = (await ctx.gradient(y, batch)).astype(np.float64)
            wide = y.astype(np.float64)
            if self._proximal > 0:
                step = step + self._proximal * (wide - start)
            y = ctx.rounded(wide - self._rate * step)
        delta = ctx.rounded(y.astype(np.float64) - start)
        await ctx.post("update", {"delta": delta, "examples": ctx.examples})
        return None


class GradientTracking:
    """Each client mixes its neighbours' iterates and follows the mean gradient by its own tracker y."""

    kinds = _kinds(
        adapted=("clients", "peers", ("x",)),
        corrected=("clients", "peers", ("y",)),
        iterate=("clients", "peers", ("x", "y")),
    )
    coordinated = False
    between_clients = True

    def __init__(self, settings):
        if settings["form"] != "cta" or not isinstance(settings["stepSize"], (int, float)):
            raise Unsupported("gradient-tracking in another form, or with a schedule")
        self._step = settings["stepSize"]
        self._batch_size = settings["batchSize"]
        self._clip = settings["gradientClip"]

    def initial_state(self, params):
        return {"x": params, "y": np.zeros_like(params), "gradient": None}

    def estimates(self, state):
        return [state["x"]]

    async def _gradient(self, ctx, x):
        batch = ctx.rng.batch(ctx.examples, self._batch_size or ctx.examples)
        gradient = await ctx.gradient(x, batch)
        if self._clip is not None:
            wide = gradient.astype(np.float64)
            norm = np.sqrt(ordered_sum(wide * wide))
            if norm > self._clip:
                gradient = ctx.rounded(wide * (self._clip / norm))
        return gradient

    async def half(self, ctx, state):
        x, y, gradient = state["x"], state["y"], state["gradient"]
        if gradient is None:
            gradient = await self._gradient(ctx, x)
            y = gradient
        tracked = float(ordered_sum(y.astype(np.float64) ** 2))
        await ctx.post("iterate", {"x": x, "y": y})
        messages, absent = await ctx.take("iterate")
        mixed_x = self._mixed(ctx, messages, absent, "x")
        mixed_y = self._mixed(ctx, messages, absent, "y")
        next_x = ctx.rounded(mixed_x.astype(np.float64) - self._step * y.astype(np.float64))
        next_gradient = await self._gradient(ctx, next_x)
        change = ctx.rounded(next_gradient.astype(np.float64) - gradient.astype(np.float64))
        next_y = ctx.rounded(mixed_y.astype(np.float64) + change.astype(np.float64))
        ctx.measure("trackedGradientSquared", tracked)
        return {"x": next_x, "y": next_y, "gradient": next_gradient}

    def _mixed(self, ctx, messages, absent, field):
        """The neighbours' vectors by weight; what absent ones would have sent is the client's own, as its peers read it."""
        total = np.zeros(ctx.length)
        if absent:
            share = 0.0
            for sender in absent:
                share += ctx.weights[sender]
            total = total + share * ctx.as_read("iterate", field).astype(np.float64)
        for sender, fields in messages:
            total = total + ctx.weights[sender] * fields[field].astype(np.float64)
        return ctx.rounded(total)



_METHODS = {"sgd": Sgd, "fedavg": FedAvg, "gradient-tracking": GradientTracking}


def method_of(settings):
    if settings["name"] not in _METHODS:
        raise Unsupported(f"no method {settings['name']}")
    return _METHODS[settings["name"]](settings)
