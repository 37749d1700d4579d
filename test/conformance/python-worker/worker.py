"""A worker for gradswarm in Python: `worker.py URL`, the run's token in GRADSWARM_TOKEN. It ends when the run is over."""

import asyncio
import os
import sys

from session import Session


def main():
    if len(sys.argv) != 2:
        print("usage: worker.py ws://HOST:PORT (the token in GRADSWARM_TOKEN)", file=sys.stderr)
        return 2
    return asyncio.run(Session(sys.argv[1], os.environ.get("GRADSWARM_TOKEN", "")).run())


if __name__ == "__main__":
    sys.exit(main())
