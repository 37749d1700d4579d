"""How a peer takes its turns with simulation.py, and the simulations that all of them run."""

import functools
import json
import os
import pathlib
import sys
import time

CLIENTS, COHORT, EXAMPLES, BATCH, RATE = 1000, 10, 60_000, 10, 0.03
FEATURES, CLASSES, TEST_EXAMPLES = 784, 10, 10_000

# pfl's CIFAR10 round: images of 32 x 32 x 3.
IMAGE_CLIENTS, IMAGE_EXAMPLES, IMAGE_RATE = 50, 50, 0.02
IMAGE = (32, 32, 3)


@functools.cache
def drawn():
    """Features, labels, one array of rows for each client, and features and labels for the evaluation; once a process."""
    import numpy as np

    rng = np.random.default_rng(1)
    x = rng.standard_normal((EXAMPLES, FEATURES), dtype=np.float32)
    y = rng.integers(0, CLASSES, EXAMPLES)
    test_x = rng.standard_normal((TEST_EXAMPLES, FEATURES), dtype=np.float32)
    test_y = rng.integers(0, CLASSES, TEST_EXAMPLES)
    return x, y, np.array_split(rng.permutation(EXAMPLES), CLIENTS), test_x, test_y


class Turns:
    """
    Says `versions` after the first round, then reads a line, lets `rounds` rounds and the evaluation pass, answers with their seconds
    a round, and so on until there are no more lines. `processor`: seconds of processor time so far; `close`: what must end first.
    """

    def __init__(self, versions, rounds, evaluate=lambda: None, processor=time.process_time, close=lambda: None):
        self.versions, self.rounds = versions, rounds
        self.evaluate, self.processor, self.close = evaluate, processor, close
        self.left = None
        # What a framework prints is not an answer.
        self.answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def round_is_done(self):
        if self.left is None:
            self.say(self.versions)
            self.begin()
            return
        self.left -= 1
        if self.left > 0:
            return
        self.evaluate()
        passed = {"processor": self.processor() - self.spent, "wall": time.perf_counter() - self.began}
        self.say(json.dumps({name: seconds / self.rounds for name, seconds in passed.items()}))
        self.begin()

    def say(self, line):
        print(line, file=self.answers, flush=True)

    def begin(self):
        if not sys.stdin.readline():
            self.close()
            os._exit(0)
        self.left, self.spent, self.began = self.rounds, self.processor(), time.perf_counter()


def seconds_of_tree():
    """Processor time of this process and all below it (Linux), those included that have ended."""
    ticks, parents = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        ticks[int(entry.name)] = sum(map(int, fields[11:15]))

    def is_below(process):
        while process > 1 and process != os.getpid():
            process = parents.get(process, 0)
        return process == os.getpid()

    return sum(spent for process, spent in ticks.items() if is_below(process)) / os.sysconf("SC_CLK_TCK")
