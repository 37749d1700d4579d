"""Shapes of control messages and packed messages: exactly these keys, numbers within their bounds.

A shape is a function from a value to the value as it is used (4.0 becomes 4 where an integer is meant); it raises Breach.
"""

import math

from refusals import Breach


def _fail(what, value):
    raise Breach(f"expected {what}, got {str(value)[:80]!r}")


def number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _fail("a finite number", value)
    return value


def index(value):
    """`n` of the tables: an integer >= 0, also one that came as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value < 0 or value >= 2**53 or value != int(value):
        _fail("an integer >= 0", value)
    return int(value)


def boolean(value):
    return value if isinstance(value, bool) else _fail("true or false", value)


def anything(value):
    return value


def data(value):
    return value if isinstance(value, bytes) else _fail("bytes", value)


def text(most=1 << 30):
    def shape(value):
        return value if isinstance(value, str) and len(value) <= most else _fail("a text", value)

    return shape


def one_of(*texts):
    def shape(value):
        return value if isinstance(value, str) and value in texts else _fail(f"one of {texts}", value)

    return shape


def list_of(entry):
    def shape(value):
        return [entry(one) for one in value] if isinstance(value, list) else _fail("a list", value)

    return shape


def nullable(other):
    return lambda value: None if value is None else other(value)


def party(value):
    return value if value == "coordinator" else index(value)


def record(required, optional=None):
    """A map with exactly the required keys and perhaps some of the optional ones."""
    optional = optional or {}

    def shape(value):
        if not isinstance(value, dict):
            _fail("a map", value)
        for key in value:
            if key not in required and key not in optional:
                _fail(f"no key {key}", value)
        for key in required:
            if key not in value:
                _fail(f"a key {key}", value)
        return {key: (required.get(key) or optional[key])(entry) for key, entry in value.items()}

    return shape


def either(*shapes):
    def shape(value):
        for one in shapes:
            try:
                return one(value)
            except Breach:
                continue
        return _fail("one of several shapes", value)

    return shape


def all_or_clients(value):
    return value if value == "all" else list_of(index)(value)


def scenario(value):
    return _whole(value) if isinstance(value, dict) and all(isinstance(key, str) for key in value) else _fail("a scenario", value)


def _whole(value):
    """The same value, where integers that came as floats are integers again."""
    if isinstance(value, dict):
        return {key: _whole(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_whole(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


_ENDING = one_of("finished", "failed", "again")
_PROOF = text(100)
_WORKERS = list_of(record({"worker": text(), "clients": list_of(index)}))

HELLO_ANSWER = either(
    record({"seat": index, "proof": _PROOF}),
    record({"spare": lambda value: value if value is True else _fail("true", value), "proof": _PROOF}),
    record({"over": _ENDING, "proof": _PROOF}),
    record({"refused": text(1000), "proof": _PROOF}),
)

EVENTS = {
    "assign": record(
        {"worker": text(), "generation": index, "epoch": index, "token": text(), "scenario": scenario, "clients": list_of(index), "workers": _WORKERS}
    ),
    "introduce": record(
        {
            "peers": list_of(record({"worker": text(), "url": text()}, {"links": lambda value: value if value is True else _fail("true", value)})),
            "keys": list_of(record({"worker": text(), "outgoing": text(), "incoming": text()})),
        }
    ),
    "begin": record(
        {
            "index": index, "attempt": index, "cohort": list_of(index),
            "absent": list_of(record({"from": index, "why": one_of("crashed", "aborted")})),
            "forgotten": list_of(index), "inclusion": number, "startMs": number,
        },
        {"task": boolean, "ready": list_of(index), "returned": record({"clients": list_of(index), "atMs": number})},
    ),
    "abort": record({"index": index, "attempt": index, "clients": nullable(list_of(index))}),
    "settle": record(
        {
            "round": index, "attempt": index, "abandoned": boolean, "voided": list_of(index),
            "undelivered": list_of(record({"client": index, "posts": list_of(record({"kind": text(), "step": index, "to": index}))})),
            "cohort": list_of(index),
        }
    ),
    "collect": record({"request": index, "what": one_of("estimates", "records"), "clients": all_or_clients}),
    "waits": record({}),
    "stop": either(record({"over": _ENDING}), record({"refused": text(1000)})),
}

# On a link `waits` has a number, because there are no acknowledgements.
LINK_EVENTS = {**{name: EVENTS[name] for name in ("begin", "abort", "settle", "collect", "stop")}, "waits": record({"request": index})}

PACKED = {
    "seals": record(
        {"type": text(), "seals": list_of(record({"round": index, "attempt": index, "from": party, "counts": list_of(index), "to": list_of(party)}))}
    ),
    "restore": record({"type": text(), "client": index, "data": data}),
    "restored-all": record({"type": text(), "request": index}),
    "control": record({"type": text(), "event": text(20), "content": anything}),
}
