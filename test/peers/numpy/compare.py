"""Reads records as lines of JSON, computes each again in numpy and prints, for each, its difference as a line of JSON."""

import json
import sys

import networks
import payloads
import samplers
import servers

MODULES = (networks, payloads, samplers, servers)
for line in sys.stdin:
    record = json.loads(line)
    compute = next(getattr(module, record["by"]) for module in MODULES if hasattr(module, record["by"]))
    print(json.dumps({"difference": float(compute(record))}), flush=True)
