"""Times the same federated averaging in bare numpy and in gradswarm, in turn, and writes docs/performance.md.

    npm run build && python3 test/peers/simulation.py [--repeats 7] [--rounds 100]

numpy is installed from PyPI into a virtual environment of its own. Both sides run on one thread of this machine, one after the
other, so each pair of timings has met the same load; what is reported is the ratio of a pair, and the median over the pairs.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
NUMPY = "numpy==2.4.6"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
CLIENTS, COHORT, EXAMPLES, BATCH, RATE = 1000, 10, 60_000, 10, 0.03
FEATURES, CLASSES, TEST_EXAMPLES = 784, 10, 10_000


def in_own_environment():
    """Runs this file again with numpy, once."""
    folder = pathlib.Path(tempfile.gettempdir()) / f"gradswarm-peers-{NUMPY.replace('==', '-')}"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", NUMPY], check=True)
    environment = {**os.environ, "GRADSWARM_PEERS": "1", **{name: "1" for name in THREADS}}
    sys.exit(subprocess.run([python, __file__, *sys.argv[1:]], env=environment).returncode)


def numpy_simulation(rounds):
    """Returns a function that runs all rounds and one evaluation, and gives their seconds of processor time."""
    import numpy as np

    rng = np.random.default_rng(1)
    x = rng.standard_normal((EXAMPLES, FEATURES), dtype=np.float32)
    y = rng.integers(0, CLASSES, EXAMPLES)
    one_hot = np.eye(CLASSES, dtype=np.float32)
    test_x = rng.standard_normal((TEST_EXAMPLES, FEATURES), dtype=np.float32)
    test_y = rng.integers(0, CLASSES, TEST_EXAMPLES)
    shards = np.array_split(rng.permutation(EXAMPLES), CLIENTS)

    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def run():
        began = time.process_time()
        weights = np.zeros((FEATURES, CLASSES), np.float32)
        bias = np.zeros(CLASSES, np.float32)
        for _ in range(rounds):
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
        right = softmax(test_x @ weights + bias)[np.arange(TEST_EXAMPLES), test_y]
        -np.log(np.maximum(right, 1e-45)).mean()
        return time.process_time() - began

    return np.__version__, run


class Gradswarm:
    """A process of Node that runs the simulation whenever it is asked to."""

    def __init__(self, data, rounds):
        script = pathlib.Path(__file__).with_name("simulation.mjs")
        scenario = {
            "name": "peers-simulation",
            "method": {"name": "fedavg", "localEpochs": 1, "batchSize": BATCH, "clientLearningRate": RATE},
            "objective": {"name": "softmax-regression"},
            "clients": CLIENTS,
            "rounds": rounds,
            "seed": 1,
            "participation": {"cohort": COHORT},
            "evaluation": {"everyRounds": rounds},
            "data": data,
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(["node", script, json.dumps(scenario)], cwd=ROOT, text=True, **pipes)
        self.version = self.process.stdout.readline().strip()

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("gradswarm ended before it answered")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measured(label, data, rounds, repeats, numpy_run):
    """One row: times of gradswarm over those of numpy, and over those of its own objective alone."""
    ours = Gradswarm(data, rounds)
    ours.run()
    numpy_run()
    over_numpy, over_objective = [], []
    for _ in range(repeats):
        theirs = numpy_run()
        answer = ours.run()
        over_numpy.append(answer["run"] / theirs)
        over_objective.append(answer["run"] / answer["objective"])
        print(f"{label}: {over_numpy[-1]:.2f} x numpy, {over_objective[-1]:.2f} x its objective", flush=True)
    ours.close()
    return label, over_numpy, over_objective, ours.version


def shown(ratios):
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--repeats", type=int, default=7)
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--out", default=str(ROOT / "docs" / "performance.md"))
    given = options.parse_args()
    numpy_version, numpy_run = numpy_simulation(given.rounds)
    clusters = {"name": "gaussian-clusters", "features": FEATURES, "classes": CLASSES}
    sizes = {"examples": EXAMPLES, "testExamples": TEST_EXAMPLES}
    cases = [("drawn images, no zeros", {**clusters, **sizes}), ("MNIST, 81 % zeros", {"name": "mnist"})]
    rows = [measured(label, data, given.rounds, given.repeats, numpy_run) for label, data in cases]
    table = "\n".join(f"| {label} | {shown(over)} | {shown(own)} |" for label, over, own, _ in rows)
    page = pathlib.Path(given.out)
    by_hand = page.read_text().partition(BY_HAND) if page.exists() else ("", "", "")
    page.write_text(PAGE.format(
        table=table,
        repeats=given.repeats,
        rounds=given.rounds,
        versions=f"{rows[0][3]}; numpy {numpy_version} on Python {platform.python_version()}; {platform.machine()}",
    ) + ("\n" + BY_HAND + by_hand[2] if by_hand[1] else ""))


# From this heading on the page is not written here, and stays.
BY_HAND = "## Over sockets"

PAGE = """# Performance

Written by `test/peers/simulation.py`, but for *Over sockets* and *Many files*. Other programs share the machine, so there are ratios and no times: gradswarm and its
peer take turns, and each ratio is of two neighbouring runs (median of {repeats} pairs, least and greatest in brackets).
Below 1 gradswarm takes less.

Federated averaging of softmax regression 784 x 10: 1,000 clients of 60 examples, 10 a round, one epoch in batches of 10,
{rounds} rounds and one evaluation on 10,000 examples; one process, processor time of all its threads.

| data | x bare numpy | x own objective alone |
|---|---|---|
{table}

*Bare numpy*: the same loop in float32 on one thread, nothing counted, checked or written down. It multiplies zeros too, so its
time does not depend on the data. *Own objective alone*: the same batches through gradswarm's objective without messages,
parties or records, in the same process: what the simulator itself costs.

{versions}
"""

if __name__ == "__main__":
    if os.environ.get("GRADSWARM_PEERS") == "1":
        main()
    else:
        in_own_environment()
