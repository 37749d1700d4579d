"""Sums that a report is made of: bytes by direction, and what codecs cost and lost."""

from dataclasses import asdict, dataclass, field

DIRECTIONS = ("up", "down", "peer")


def direction_of(kind):
    """The way of a kind's frames."""
    return "up" if kind.to == "coordinator" else "down" if kind.sender == "coordinator" else "peer"


@dataclass
class Bytes:
    raw: int = 0
    payload: int = 0
    wire: int = 0


@dataclass
class Coding:
    encodeMs: float = 0.0
    decodeMs: float = 0.0
    squaredError: float = 0.0
    squaredNorm: float = 0.0


@dataclass
class ByDirection:
    up: object
    down: object
    peer: object

    def __getitem__(self, direction):
        return getattr(self, direction)

    def content(self):
        return asdict(self)


def no_bytes():
    return ByDirection(Bytes(), Bytes(), Bytes())


def no_coding():
    return ByDirection(Coding(), Coding(), Coding())


@dataclass
class Absence:
    """A message that a take missed, and why."""

    kind: str
    step: int
    sender: object
    receiver: int
    why: str

    def content(self, round_index):
        return {"round": round_index, "kind": self.kind, "step": self.step, "from": self.sender, "to": self.receiver, "why": self.why}

    def unused(self):
        return {"kind": self.kind, "step": self.step, "from": self.sender, "to": self.receiver}

    def counts_as_unused(self, kind):
        """Messages of peers or of the coordinator that came to nothing on their way are reported by the client too."""
        return self.why in ("dropped", "late", "rejected") and (kind.to == "peers" or self.sender == "coordinator")


@dataclass
class Outcome:
    """What a half leaves: kept aside until its round is settled."""

    state: object
    memories: dict
    clock: float
    measures: list
    absences: list
    unused: list
    coding: ByDirection
    sent: ByDirection
    posts: list = field(default_factory=list)

    def party(self, client, is_task):
        """The client's part of the report."""
        content = {
            "party": client, "clockMs": self.clock, "measures": self.measures, "unusedMessages": self.unused, "unused": [], "ledger": [],
            "coding": self.coding.content(),
        }
        if is_task:
            content["sent"] = self.sent.content()
        return content
