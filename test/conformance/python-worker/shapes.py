"""Shapes of the control messages and packed messages of docs/protocol.md. `checked` gives the message with integers as int, or
raises ValueError: for a coordinator that breaks the protocol."""


def fail(what, value):
    raise ValueError("expected %s, got %.80r" % (what, value))


def n(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value) or value < 0:
        fail("an integer of at least 0", value)
    return int(value)


def number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        fail("a number", value)
    return value


def text(value):
    return value if isinstance(value, str) else fail("a text", value)


def flag(value):
    return value if isinstance(value, bool) else fail("true or false", value)


def data(value):
    return value if isinstance(value, bytes) else fail("bytes", value)


def party(value):
    return value if value == "coordinator" else n(value)


def one_of(*values):
    return lambda value: value if value in values else fail("one of %s" % (values,), value)


def items(shape):
    return lambda value: [shape(item) for item in value] if isinstance(value, list) else fail("a list", value)


def either(*shapes):
    def check(value):
        for shape in shapes[:-1]:
            try:
                return shape(value)
            except ValueError:
                pass
        return shapes[-1](value)
    return check


def null(value):
    return None if value is None else fail("null", value)


def record(_left_out=(), **shapes):
    def check(value):
        if not isinstance(value, dict):
            fail("a map", value)
        given = set(value)
        if given - set(shapes) or set(shapes) - given - set(_left_out):
            fail("the keys %s" % ", ".join(shapes), sorted(map(str, given)))
        return {key: shapes[key](value[key]) for key in value}
    return check


def plain(value):
    """Of a scenario: whole numbers as int."""
    if isinstance(value, dict):
        return {text(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and value == int(value) and str(value) != "-0.0":
        return int(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else fail("plain data", value)


def scenario(value):
    return plain(value) if isinstance(value, dict) else fail("a map", value)


ending = one_of("finished", "failed", "again")
WHO = items(record(worker=text, clients=items(n)))
ABSENT = items(record(**{"from": n, "why": one_of("crashed", "aborted")}))
EVENTS = {
    "assign": record(worker=text, generation=n, epoch=n, token=text, scenario=scenario, clients=items(n), workers=WHO),
    "introduce": record(peers=items(record(("links",), worker=text, url=text, links=flag)), keys=items(record(worker=text, outgoing=text, incoming=text))),
    "begin": record(index=n, attempt=n, cohort=items(n), absent=ABSENT, forgotten=items(n), inclusion=number, startMs=number),
    "abort": record(index=n, attempt=n, clients=either(null, items(n))),
    "settle": record(round=n, attempt=n, abandoned=flag, voided=items(n), cohort=items(n),
                     undelivered=items(record(client=n, posts=items(record(kind=text, step=n, to=n))))),
    "collect": record(request=n, what=one_of("estimates", "records"), clients=either(one_of("all"), items(n))),
    "waits": record(),
    "stop": either(record(over=ending), record(refused=text)),
}
HELLO = either(record(seat=n, proof=text), record(spare=one_of(True), proof=text), record(over=ending, proof=text), record(refused=text, proof=text))
SEALS = items(record(**{"round": n, "attempt": n, "from": party, "counts": items(n), "to": items(party)}))
PACKED = {
    "seals": record(type=text, seals=SEALS),
    "restore": record(type=text, client=n, data=data),
    "restored-all": record(type=text, request=n),
    "control": record(type=text, event=text, content=lambda value: value),
}
WAITS = record(request=n)


def packed(content):
    kind = content.get("type") if isinstance(content, dict) else None
    return PACKED[kind](content) if kind in PACKED else fail("a packed message", content)
