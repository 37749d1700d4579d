"""What has come for the clients of a worker: frames by their address, and seals."""

import asyncio
from dataclasses import dataclass

from bodies import decode_messages
from frames import Packet
from refusals import Breach, Rejected

_EARLY_ROUNDS = 4096


@dataclass(frozen=True)
class Arrival:
    """A frame that came: its messages, or the reason why it is lost."""

    sender: object
    arrives: float
    messages: list
    lost: str | None = None


class Box:
    """What belongs to one attempt of a round."""

    def __init__(self):
        self._frames = {}
        self._seals = {}
        self._changed = []

    def put_frame(self, address, arrival):
        # A second frame with the same address changes nothing.
        self._frames.setdefault(address, arrival)
        self._wake()

    def put_seal(self, sender, receiver, counts):
        self._seals.setdefault((sender, receiver), counts)
        self._wake()

    def _wake(self):
        for waiter in self._changed:
            if not waiter.done():
                waiter.set_result(None)
        self._changed.clear()

    def changed(self):
        """A future that is done at the next frame or seal."""
        self._changed.append(asyncio.get_running_loop().create_future())
        return self._changed[-1]

    def look(self, kind, step, sender, receiver):
        """(arrival, sealed): the frame if it came, and whether its sender's seal says that there is none."""
        arrival = self._frames.get((kind.index, step, sender, receiver))
        counts = self._seals.get((sender, receiver))
        return arrival, arrival is None and counts is not None and counts[kind.index] <= step


class Inbox:
    """Boxes of the attempts that run or are to come; what belongs to an earlier one is dropped."""

    def __init__(self, clients, setup):
        self._clients, self._setup = clients, setup
        self._boxes = {}
        self._open = set()
        self._newest = (-1, -1)

    def open(self, round_index, attempt):
        self._newest = max(self._newest, (round_index, attempt))
        self._open.add((round_index, attempt))
        for key in [key for key in self._boxes if key < self._newest and key not in self._open]:
            del self._boxes[key]
        return self._box(round_index, attempt)

    def close(self, round_index, attempt):
        self._open.discard((round_index, attempt))
        self._boxes.pop((round_index, attempt), None)

    def _box(self, round_index, attempt):
        key = (round_index, attempt)
        if key not in self._open and key <= self._newest:
            return None
        if round_index > self._newest[0] + _EARLY_ROUNDS:
            raise Breach("a frame that comes far too early")
        return self._boxes.setdefault(key, Box())

    def put(self, packet: Packet):
        box = self._box(packet.round, packet.attempt)
        if box is None:
            return
        sender = "coordinator" if packet.sender < 0 else packet.sender
        lost, messages = packet.lost, []
        if lost is None:
            try:
                messages = decode_messages(self._setup.method.kinds[packet.kind], packet.body, packet.count)
                self._check(packet.kind, messages)
            except Rejected:
                lost = "rejected"
        box.put_frame((packet.kind, packet.step, sender, packet.receiver), Arrival(sender, packet.arrives, messages, lost))

    def _check(self, kind, messages):
        if len(messages) > 1:
            raise Rejected("more messages of a step than any half posts")
        for message in messages:
            for name in self._setup.method.kinds[kind].vectors:
                numbers, payload = message[name]
                plain = self._setup.coders[kind] is None
                if numbers != self._setup.objective.length or (plain and len(payload) != numbers * self._setup.precision.itemsize):
                    raise Rejected("a vector of another length than the model")

    def put_seal(self, seal):
        box = self._box(seal["round"], seal["attempt"])
        if box is not None:
            for receiver in seal["to"]:
                box.put_seal(seal["from"], receiver, seal["counts"])
