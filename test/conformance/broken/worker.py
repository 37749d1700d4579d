"""The Python worker with one fault: a piece of its source, replaced while it is read.

Usage: worker.py FAULT URL    faults.json has the faults by name, and the case of the conformance kit that each must fail.
"""

import importlib.machinery
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKER = HERE.parent / "python-worker"
FAULT = json.loads((HERE / "faults.json").read_text())[sys.argv.pop(1)]


def broken(path, text):
    if pathlib.Path(path).name != FAULT["file"]:
        return text
    if text.count(FAULT["old"]) != 1:
        raise SystemExit("faults.json: '%s' stands %d times in %s" % (FAULT["old"], text.count(FAULT["old"]), path))
    return text.replace(FAULT["old"], FAULT["new"])


class Loader(importlib.machinery.SourceFileLoader):
    def get_data(self, path):
        return broken(path, super().get_data(path).decode()).encode()

    def path_stats(self, path):
        raise OSError("sources alone: nothing compiled is kept or used")


def finder(path):
    """Finds the worker's own sources alone: packages may have parts that are not Python."""
    if pathlib.Path(path) != WORKER:
        raise ImportError(path)
    return importlib.machinery.FileFinder(path, (Loader, [".py"]))


sys.dont_write_bytecode = True
sys.path.insert(0, str(WORKER))
sys.path_hooks.insert(0, finder)
sys.path_importer_cache.pop(str(WORKER), None)
main = WORKER / "worker.py"
exec(compile(broken(main, main.read_text()), str(main), "exec"), {"__name__": "__main__", "__file__": str(main)})
