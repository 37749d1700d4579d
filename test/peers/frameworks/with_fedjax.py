"""The simulation in FedJAX: its federated averaging, compiled, one thread."""

import importlib.metadata
import os
import sys

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import fedjax
import jax
import jax.numpy as jnp
from turns import BATCH, CLASSES, COHORT, FEATURES, RATE, Turns, drawn

x, y, shards, test_x, test_y = drawn()
clients = fedjax.InMemoryFederatedData({f"{i:04}": {"x": x[rows], "y": y[rows]} for i, rows in enumerate(shards)})


def loss(params, features, labels):
    scores = jax.nn.log_softmax(features @ params["w"] + params["b"])
    return -jnp.mean(jnp.take_along_axis(scores, labels[:, None], 1))


def gradient(params, batch, _):
    return jax.grad(loss)(params, batch["x"], batch["y"])


algorithm = fedjax.algorithms.fed_avg.federated_averaging(
    gradient,
    fedjax.optimizers.sgd(RATE),
    fedjax.optimizers.sgd(1.0),
    fedjax.ShuffleRepeatBatchHParams(batch_size=BATCH, num_epochs=1),
)
sampler = fedjax.client_samplers.UniformGetClientSampler(clients, COHORT, seed=1)
state = algorithm.init({"w": jnp.zeros((FEATURES, CLASSES)), "b": jnp.zeros(CLASSES)})
compiled = jax.jit(loss)
turns = Turns(
    f"FedJAX {importlib.metadata.version('fedjax')} with jax {jax.__version__}",
    int(sys.argv[1]),
    lambda: compiled(state.params, test_x, test_y).block_until_ready(),
)
compiled(state.params, test_x, test_y)
while True:
    state, _ = algorithm.apply(state, sampler.sample())
    jax.block_until_ready(state.params)
    turns.round_is_done()
