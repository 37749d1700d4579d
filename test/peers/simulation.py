"""Times gradswarm and other simulators in turn, and writes docs/performance.md.

    npm run build && python3 test/peers/simulation.py [--repeats 5] [--rounds 300] [--image-repeats 3] [--only small|images] [--beside NAME ...]

Every program has its own process with one thread (gradswarm with worker processes: three), and waits while another one computes. A ratio is of two neighbouring turns; what
is written down is the median over the turns, and the least and greatest. Needs Linux, python3 and the room that environments.py names.
"""

import argparse
import json
import math
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

import environments
from environments import Missing, ROOT, THREADS

HERE = pathlib.Path(__file__).parent
FRAMEWORKS = HERE / "frameworks"
sys.path.append(str(FRAMEWORKS))
import turns as settings

SMALL = {
    "name": "peers-simulation",
    "method": {"name": "fedavg", "localEpochs": 1, "batchSize": settings.BATCH, "clientLearningRate": settings.RATE},
    "objective": {"name": "softmax-regression"},
    "clients": settings.CLIENTS,
    "seed": 1,
    "participation": {"cohort": settings.COHORT},
}
# The network is that of the shipped scenario.
IMAGES = {
    "from": "cifar10-network",
    "name": "peers-images",
    "method": {"name": "fedavg", "localEpochs": 1, "batchSize": settings.BATCH, "clientLearningRate": settings.IMAGE_RATE},
    "data": {
        "name": "gaussian-clusters",
        "features": math.prod(settings.IMAGE),
        "classes": settings.CLASSES,
        "examples": settings.IMAGE_CLIENTS * settings.IMAGE_EXAMPLES,
        "testExamples": settings.BATCH,
        "partition": "iid",
    },
    "clients": settings.IMAGE_CLIENTS,
    "participation": {"cohort": "all"},
    "rounds": 1,
    "evaluation": {"everyRounds": 1},
    "expect": [],
}


class Program:
    """A process that computes when it is its turn."""

    def __init__(self, name, command, cwd=ROOT):
        self.name = name
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        # To a file: a pipe that nobody reads would stop it.
        self.log = open(environments.folder_of(["log", name]), "w+")
        pipes["stderr"] = self.log
        self.process = subprocess.Popen(
            list(map(str, command)), cwd=cwd, text=True, env={**os.environ, **THREADS}, **pipes
        )
        self.versions = self.line()

    def line(self):
        answer = self.process.stdout.readline()
        if not answer:
            self.process.wait()
            self.log.seek(0)
            said = self.log.read().strip().splitlines() or ["nothing"]
            raise Missing(f"{self.name} ended before it answered: {said[-1]}")
        return answer.strip()

    def turn(self):
        """Seconds of a round."""
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return json.loads(self.line())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def opened(name, command):
    """The program, or None with the reason printed."""
    try:
        return Program(name, command())
    except Missing as missing:
        print(f"skipped: {name}: {missing}", flush=True)
        return None


def peer(name, packages, script, *arguments):
    return opened(name, lambda: [environments.python_with(packages), FRAMEWORKS / script, *arguments])


def ours(name, scenario, *, folder=lambda: ROOT, before=lambda: None, alone=()):
    def command():
        before()
        root = folder()
        package = root if root == ROOT else root / "node_modules" / "gradswarm"
        return ["node", HERE / "simulation.mjs", package, json.dumps(scenario), *alone]

    return opened(name, command)


def with_processes(name, scenario, workers):
    return opened(name, lambda: ["node", HERE / "processes.mjs", ROOT, json.dumps(scenario), workers])


def ratios(rows, numerator, denominator, figure="processor"):
    return [row[numerator][figure] / row[denominator][figure] for row in rows if numerator in row and denominator in row]


def shown(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else "not measured"


def taken_in_turn(programs, repeats):
    """One dictionary of answers for each repeat. Who fails is left out from then on."""
    rows = []
    for repeat in range(repeats):
        rows.append({})
        for program in list(programs):
            try:
                rows[-1][program.name] = program.turn()
            except Missing as missing:
                print(f"skipped: {program.name}: {missing}", flush=True)
                programs.remove(program)
        print(f"{repeat + 1}: " + ", ".join(f"{name} {answer['processor']:.4g} s" for name, answer in rows[-1].items()), flush=True)
    return rows


PROCESSES = "two worker processes"
PEERS = ("bare numpy", "FedJAX", "pfl-research", "Flower")


def small_simulation(rounds, repeats, beside):
    """Lines of the page, and the versions of those that took part."""
    clusters = {"name": "gaussian-clusters", "features": settings.FEATURES, "classes": settings.CLASSES}
    drawn = {**clusters, "examples": settings.EXAMPLES, "testExamples": settings.TEST_EXAMPLES}
    common = {**SMALL, "rounds": rounds, "evaluation": {"everyRounds": rounds}}
    slow = max(1, rounds // 10)
    makers = [
        lambda: ours("gradswarm", {**common, "data": drawn}, alone=["alone"]),
        lambda: "bare numpy" in beside and peer("bare numpy", environments.NUMPY, "with_numpy.py", rounds),
        lambda: with_processes(PROCESSES, {**common, "data": drawn}, 2),
        lambda: ours("gradswarm on MNIST", {**common, "data": {"name": "mnist"}}, alone=["alone"]),
        lambda: "FedJAX" in beside and peer("FedJAX", environments.FEDJAX, "with_fedjax.py", rounds),
        lambda: "pfl-research" in beside and peer("pfl-research", environments.PFL, "with_pfl.py", rounds, "softmax"),
        lambda: "Flower" in beside and peer("Flower", environments.FLOWER, "with_flower.py", slow),
    ]
    programs = [one for make in makers if (one := make())]
    rows = taken_in_turn(programs, repeats)
    for one in programs:
        one.close()

    def own(name):
        return shown([row[name]["processor"] / row[name]["alone"] for row in rows if name in row])

    data = [("drawn images, no zeros", "gradswarm"), ("MNIST, 81 % zeros", "gradswarm on MNIST")]
    lines = [
        "| data | x bare numpy | x own objective alone |",
        "|---|---|---|",
        *(f"| {label} | {shown(ratios(rows, name, 'bare numpy'))} | {own(name)} |" for label, name in data),
        "",
        "| gradswarm on the drawn images, beside | processor time | wall time |",
        "|---|---|---|",
        *(
            f"| {name} | {shown(ratios(rows, 'gradswarm', name))} | {shown(ratios(rows, 'gradswarm', name, 'wall'))} |"
            for name in PEERS
        ),
        "",
        f"| gradswarm with {PROCESSES}, beside | processor time | wall time |",
        "|---|---|---|",
        *(
            f"| {label} | {shown(ratios(rows, PROCESSES, name))} | {shown(ratios(rows, PROCESSES, name, 'wall'))} |"
            for label, name in [("bare numpy", "bare numpy"), ("gradswarm in one process", "gradswarm")]
        ),
    ]
    return lines, [one.versions for one in programs if one.name not in ("gradswarm on MNIST", PROCESSES)]


def image_round(repeats):
    def device(name, **options):
        return ours(name, {**IMAGES, "device": name}, **options)

    native = {"folder": environments.package_with_devices}
    groups = {
        "npm alone": [device(name, folder=environments.package_alone) for name in ("wasm", "simd", "simd-relaxed")],
        "native": [
            device("blas", **native, before=environments.open_blas),
            device("onednn", **native, before=environments.one_dnn),
            device("tfjs-node", **native),
        ],
    }
    theirs = peer("pfl-research", environments.PFL, "with_pfl.py", 1, "images")
    programs = [one for one in [theirs, *(one for group in groups.values() for one in group)] if one]
    rows = taken_in_turn(programs, repeats)
    for one in programs:
        one.close()
    lines = ["| device | installed by | processor time | wall time |", "|---|---|---|---|"]
    for kind, group in groups.items():
        for name in (one.name for one in group if one):
            both = [shown(ratios(rows, name, "pfl-research", figure)) for figure in ("processor", "wall")]
            lines.append(f"| `{name}` | {kind} | {both[0]} | {both[1]} |")
    return lines, [f"`{one.name}`: {one.versions}" if one is not theirs else one.versions for one in programs]


def written(page, name, lines):
    """The page with the lines between the two marks of this name."""
    begin, end = f"<!-- measured: {name} -->\n", "<!-- end -->\n"
    before, mark, rest = page.partition(begin)
    _, ending, after = rest.partition(end)
    if not mark or not ending:
        raise SystemExit(f"docs/performance.md: expected the marks of '{name}', got none")
    return before + begin + "\n".join(lines) + "\n" + end + after


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--rounds", type=int, default=300)
    options.add_argument("--image-repeats", type=int, default=3)
    options.add_argument("--only", choices=["small", "images"])
    options.add_argument("--beside", nargs="*", choices=PEERS, default=PEERS, help="of the small simulation; all by default")
    options.add_argument("--out", default=str(ROOT / "docs" / "performance.md"))
    given = options.parse_args()
    out = pathlib.Path(given.out)
    machine = f"; Python {platform.python_version()}, {platform.machine()}"
    if given.only != "images":
        lines, versions = small_simulation(given.rounds, given.repeats, given.beside)
        settled = f"{given.repeats} turns, {given.rounds} rounds each ({max(1, given.rounds // 10)} of Flower). {'; '.join(versions)}{machine}"
        out.write_text(written(out.read_text(), "small", [*lines, "", settled]))
    if given.only != "small":
        lines, versions = image_round(given.image_repeats)
        # Libraries by name: the folder is of this machine.
        named = re.sub(r"(?<!\S)/\S*/", "", "; ".join(versions))
        settled = f"{given.image_repeats} turns of one round. {named}{machine}"
        out.write_text(written(out.read_text(), "images", [*lines, "", settled]))


if __name__ == "__main__":
    main()
