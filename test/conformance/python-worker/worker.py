"""A worker in Python, written from docs/protocol*.md alone.

Usage: worker.py URL    the run's token in GRADSWARM_TOKEN. Ends with 0 when the run is over.
"""

import asyncio
import os
import pathlib
import random
import secrets
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "vectors"))

import aiohttp

from session import Held, Session

FIRST_WAIT, LONGEST_WAIT, TRIES = 0.5, 30, 12


async def main():
    url, token = sys.argv[1].replace("ws", "http", 1), os.environ["GRADSWARM_TOKEN"].strip()
    process, seat, wait, tries = secrets.token_hex(16), None, FIRST_WAIT, 0
    left = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, left.set)
    async with aiohttp.ClientSession() as http:
        held = Held(http)
        try:
            return await tried(url, token, process, seat, wait, tries, left, held)
        finally:
            await held.release()


async def tried(url, token, process, seat, wait, tries, left, held):
    while tries < TRIES and not left.is_set():
        session = Session(url, token, process, seat, left, held)
        ending = await session.run()
        seat = session.seat
        print("over:", ending, flush=True)
        if ending in ("finished", "left"):
            return 0
        if ending not in ("again", "lost"):
            return 1
        if session.joined:
            wait, tries = FIRST_WAIT, 0
        tries += 1
        ended = await pause(wait * random.uniform(0.9, 1), held)
        if ended:
            return 0 if ended == "finished" else 1
        wait = min(LONGEST_WAIT, 2 * wait)
    return 0 if left.is_set() else 1


async def pause(seconds, held):
    """Before the next try; how the run ended, where the frame link said so meanwhile."""
    if not held.assignment:
        return await asyncio.sleep(seconds)
    over = asyncio.get_running_loop().create_future()
    held.assignment.over = lambda ending, why="": over.done() or over.set_result(ending)
    await asyncio.wait({over}, timeout=seconds)
    ending = over.result() if over.done() else None
    if ending:
        await held.release()
    return ending if ending in ("finished", "failed", "refused", "broke") else None


sys.exit(asyncio.run(main()))
