"""The simulation as a bare loop in float32: nothing counted, checked or written down."""

import sys

import numpy as np
from turns import BATCH, CLASSES, CLIENTS, COHORT, FEATURES, RATE, TEST_EXAMPLES, Turns, drawn

x, y, shards, test_x, test_y = drawn()
one_hot = np.eye(CLASSES, dtype=np.float32)
rng = np.random.default_rng(2)
weights = np.zeros((FEATURES, CLASSES), np.float32)
bias = np.zeros(CLASSES, np.float32)


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def evaluate():
    right = softmax(test_x @ weights + bias)[np.arange(TEST_EXAMPLES), test_y]
    return -np.log(np.maximum(right, 1e-45)).mean()


turns = Turns(f"numpy {np.__version__}", int(sys.argv[1]), evaluate)
while True:
    weight_sum, bias_sum, total = np.zeros(weights.shape), np.zeros(bias.shape), 0
    for client in rng.choice(CLIENTS, COHORT, replace=False):
        rows = rng.permutation(shards[client])
        w, b = weights.copy(), bias.copy()
        for at in range(0, len(rows), BATCH):
            batch = rows[at : at + BATCH]
            features = x[batch]
            error = (softmax(features @ w + b) - one_hot[y[batch]]) / np.float32(len(batch))
            w -= np.float32(RATE) * (features.T @ error)
            b -= np.float32(RATE) * error.sum(0)
        weight_sum += len(rows) * (w - weights)
        bias_sum += len(rows) * (b - bias)
        total += len(rows)
    weights = weights + (weight_sum / total).astype(np.float32)
    bias = bias + (bias_sum / total).astype(np.float32)
    turns.round_is_done()
