"""What a worker has read, as hashes that the coordinator compares with its own."""

import hashlib

import numpy as np


def _hash(arrays):
    digest = hashlib.sha256()
    for array in arrays:
        data = np.ascontiguousarray(array).tobytes()
        digest.update(f"{len(data)}\n".encode() + data)
    return digest.hexdigest()


def read_hashes(data, initial):
    """Hashes of the data, of its partition and of the initial parameters."""
    return {
        "data": _hash(data.train.arrays() + data.test.arrays()),
        "partition": _hash(data.shards),
        "initialParameters": _hash([initial]),
    }
