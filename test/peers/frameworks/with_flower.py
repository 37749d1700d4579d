"""The simulation in Flower: clients in bare numpy under its simulation engine, with one processor to itself; all its processes count."""

import importlib.metadata
import os
import sys

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import numpy as np
import ray
import turns as peer
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation

client_app = ClientApp()
server_app = ServerApp()


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@client_app.train()
def train(message, context):
    x, y, shards, _, _ = peer.drawn()
    rows = np.random.default_rng().permutation(shards[int(context.node_config["partition-id"])])
    w, b = (array.copy() for array in message.content["arrays"].to_numpy_ndarrays())
    one_hot = np.eye(peer.CLASSES, dtype=np.float32)
    for at in range(0, len(rows), peer.BATCH):
        batch = rows[at : at + peer.BATCH]
        error = (softmax(x[batch] @ w + b) - one_hot[y[batch]]) / np.float32(len(batch))
        w -= np.float32(peer.RATE) * (x[batch].T @ error)
        b -= np.float32(peer.RATE) * error.sum(0)
    content = {"arrays": ArrayRecord([w, b]), "metrics": MetricRecord({"num-examples": len(rows)})}
    return Message(content=RecordDict(content), reply_to=message)


@server_app.main()
def main(grid, context):
    *_, test_x, test_y = peer.drawn()
    newest = None

    def evaluate():
        w, b = newest.to_numpy_ndarrays()
        return -np.log(np.maximum(softmax(test_x @ w + b)[np.arange(len(test_y)), test_y], 1e-45)).mean()

    versions = f"Flower {importlib.metadata.version('flwr')} with Ray {importlib.metadata.version('ray')}"
    turns = peer.Turns(versions, int(sys.argv[1]), evaluate, peer.seconds_of_tree, ray.shutdown)

    def after_round(number, arrays):
        nonlocal newest
        newest = arrays
        if number > 0:
            turns.round_is_done()

    zeros = [np.zeros((peer.FEATURES, peer.CLASSES), np.float32), np.zeros(peer.CLASSES, np.float32)]
    strategy = FedAvg(
        fraction_train=peer.COHORT / peer.CLIENTS, fraction_evaluate=0.0, min_available_nodes=peer.CLIENTS
    )
    strategy.start(grid, ArrayRecord(zeros), num_rounds=10**6, evaluate_fn=after_round)


run_simulation(
    server_app,
    client_app,
    peer.CLIENTS,
    backend_config={"init_args": {"num_cpus": 1}, "client_resources": {"num_cpus": 1.0, "num_gpus": 0.0}},
)
