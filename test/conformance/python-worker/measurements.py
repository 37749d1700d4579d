"""The measurements of adaptive codecs: is the codec in use too coarse, or could a coarser one do?"""

import math

import numpy as np

from functions import ordered_sum
from half import Repeat
from memories import level_key


def measuring_kinds(half):
    """The kinds of a half with an adaptive codec that measures in this round."""
    found = []
    for kind in half.setup.method.kinds:
        coder = half.setup.coders[kind.index]
        if kind.sender == "clients" and coder is not None and coder.ladder is not None and coder.ladder.measures(half.round.index):
            found.append(kind)
    return found


async def measure(half, client):
    """Runs the half again and moves the levels; the client's clock is where the second run ended."""
    kinds = measuring_kinds(half)
    if not kinds:
        return
    repeat = Repeat(half, client)
    await half.setup.method.half(repeat, client.state)
    half.clock = repeat.clock
    again = {(posted.kind, posted.field, posted.step): posted.value for posted in repeat.vectors.posted}
    memories = half.vectors.memories
    for kind in kinds:
        levels = []
        for field in kind.vectors:
            posts = [posted for posted in half.vectors.posted if (posted.kind, posted.field) == (kind.name, field)]
            if posts:
                key = level_key(kind.name, field)
                memories[key] = _moved(half.setup.coders[kind.index], memories.get(key), posts, again)
                levels.append(memories[key]["level"])
        if levels:
            half.measure(f"codecLevel.{kind.name}", sum(levels) / len(levels))


def _moved(coder, state, posts, again):
    """The state of a level after a measurement."""
    ladder = coder.ladder
    state = state or {"level": 0, "measurements": 0, "tooCoarseAt": [-1] * ladder.steps}
    sampling, compression = 0.0, 0.0
    for posted in posts:
        other = again.get((posted.kind, posted.field, posted.step))
        if other is None or len(other) != len(posted.value):
            compression = math.inf
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            sampling += float(ordered_sum((posted.value - other) ** 2)) / 2
            compression += coder.expected_error(posted.sent, posted.decoded, posted.level)
    level, measurements, too_coarse = state["level"], state["measurements"] + 1, list(state["tooCoarseAt"])
    if not compression <= ladder.share * sampling:  # NaN is too coarse as well
        too_coarse[level] = measurements
        level = max(0, level - 1)
    elif level + 1 < ladder.steps and (too_coarse[level + 1] == -1 or too_coarse[level + 1] <= measurements - ladder.retry_after):
        level += 1
    return {"level": level, "measurements": measurements, "tooCoarseAt": too_coarse}
