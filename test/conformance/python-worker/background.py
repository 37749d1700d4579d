"""Tasks that nobody waits for."""

import asyncio

_running = set()


def start(coroutine):
    """Runs it beside all else. It is kept here until it ends: the loop alone does not keep a task alive."""
    task = asyncio.create_task(coroutine)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task
