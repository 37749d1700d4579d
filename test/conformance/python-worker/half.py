"""A client's half in one attempt of a round: what it takes, posts and computes, on its simulated clock."""

import asyncio
from dataclasses import dataclass

import numpy as np

from bodies import encode_message
from frames import FRAME, Packet
from inbox import Arrival
from refusals import Rejected
from tally import Absence, Outcome, direction_of, no_bytes
from vectors import Vectors, rounded


@dataclass(frozen=True)
class Round:
    """An attempt, as `begin` gave it."""

    index: int
    attempt: int
    absent: dict  # client: why
    start_ms: float
    is_task: bool


class Half:
    """The context that a method's half works with. `host` takes what is posted, `box` has what came for this attempt."""

    def __init__(self, host, client, round_, box, rng=None):
        self.host, self.setup, self.client, self.round, self._box = host, host.setup, client, round_, box
        self.rng = rng or self.setup.root.derive("party", client.index).derive("round", round_.index)
        self.examples = self.setup.objective.examples(client.index)
        self.length = self.setup.objective.length
        self.weights = self.setup.topology.weights(client.index) if self.setup.topology else {}
        self.clock = max(client.clock, round_.start_ms)
        self.vectors = Vectors(self.setup, client.memories, self.rng, self._spend_coding)
        self.posted_steps = {kind.name: 0 for kind in self.setup.method.kinds}
        self.taken = {}
        self.waiting = None  # a text for a person, while it waits
        self._taken_steps = dict(self.posted_steps)
        self._device = self.setup.devices[client.index]
        self._round_spent = False
        self._measures, self._absences, self._unused = [], [], []
        self.sent = no_bytes()

    def rounded(self, x):
        return rounded(x, self.setup.precision)

    def measure(self, name, value):
        self._measures.append([name, value])

    def as_read(self, kind, field):
        """The vector of the last post of a kind, as its receivers read it."""
        return self.vectors.as_read(kind, field)

    async def gradient(self, params, batch):
        batch = np.asarray(batch, dtype=np.int64)
        gradient = await asyncio.to_thread(self.setup.objective.gradient, self.client.index, params, batch)
        self.clock += self._device.ms_per_example * len(batch)
        return gradient

    def _spend_coding(self, length):
        self.clock += self._device.coding_ms(length)

    def _spend_round(self):
        """`msPerRound`, once: at the first message that is used, or the first post."""
        if not self._round_spent:
            self._round_spent = True
            self.clock += self._device.ms_per_round

    async def take(self, name):
        """([(sender, fields)], [absent senders]) of the next step of a kind, both ascending by sender."""
        kind, step = self.setup.kind(name), self._taken_steps[name]
        self._taken_steps[name] += 1
        arrivals = await self._arrivals(kind, step)
        self.taken[name, step] = arrivals
        came = [arrival for arrival in arrivals if arrival.lost is None]
        self.clock = max([self.clock] + [arrival.arrives for arrival in came])
        if came:
            self._spend_round()
        messages, absent = [], []
        for arrival in arrivals:
            why = arrival.lost
            if why is None:
                try:
                    read = [await self.vectors.decode(kind, arrival.sender, i, message) for i, message in enumerate(arrival.messages)]
                    messages += [(arrival.sender, fields) for fields in read]
                except Rejected:
                    why = "rejected"
            if why is not None:
                absent.append(arrival.sender)
                self._absent(kind, Absence(name, step, arrival.sender, self.client.index, why))
        return messages, absent

    def _absent(self, kind, absence):
        self._absences.append(absence)
        if absence.counts_as_unused(kind):
            self._unused.append(absence.unused())

    async def _arrivals(self, kind, step):
        """Waits until each sender's frame is there, or something says that none comes."""
        senders = ["coordinator"] if kind.sender == "coordinator" else self._neighbours()
        arrivals = []
        for sender in senders:
            arrival = await self._arrival(kind, step, sender)
            if arrival is not None:
                arrivals.append(arrival)
        return arrivals

    async def _arrival(self, kind, step, sender):
        """One sender's frame, its absence, or None where its seal says that it posted nothing."""
        while True:
            arrival, sealed = self._box.look(kind, step, sender, self.client.index)
            if arrival is not None or sealed:
                return arrival
            if sender in self.round.absent:
                return Arrival(sender, 0.0, [], self.round.absent[sender])
            self.waiting = f"client {self.client.index} waits for {kind.name} of {sender} in round {self.round.index}"
            try:
                await self._box.changed()
            finally:
                self.waiting = None

    def _neighbours(self):
        """Those that a message to peers goes to and comes from, the client among them."""
        return sorted([*self.setup.others(self.client.index), self.client.index])

    async def post(self, name, fields):
        """Posts one message to all possible receivers of a kind."""
        kind, step = self.setup.kind(name), self.posted_steps[name]
        self._spend_round()
        encoded = dict(fields)
        for field in kind.vectors:
            encoded[field] = (len(fields[field]), await self.vectors.encode(kind, field, step, fields[field]))
        self.posted_steps[name] += 1
        self._deliver(kind, step, encoded)

    def _deliver(self, kind, step, fields):
        """One frame to each possible receiver, ascending."""
        body = encode_message(kind, fields)
        vectors = [fields[name] for name in kind.vectors]
        raw = sum(numbers for numbers, _ in vectors) * self.setup.precision.itemsize
        for receiver in ["coordinator"] if kind.to == "coordinator" else self._neighbours():
            packet = Packet(
                FRAME, body, None, kind.index, self.round.index, step, self.round.attempt, self.client.index,
                -1 if receiver == "coordinator" else receiver, self.clock, 1,
            )
            if receiver != self.client.index:
                # A frame to another client of this worker does not travel either, but is counted and delayed as if it did.
                wire = packet.wire_bytes()
                self.host.count_bytes(self, direction_of(kind), raw, sum(len(payload) for _, payload in vectors), wire)
                packet = packet.delayed(self.setup.network.delay(kind, self.client.index, receiver, wire, self.round, step))
            self.host.deliver(packet)

    def outcome(self, state):
        vectors = self.vectors
        return Outcome(
            state, vectors.memories, self.clock, self._measures, self._absences, self._unused, vectors.coding, self.sent, vectors.posted
        )


class Repeat(Half):
    """The half run a second time on the messages that the first took, with other draws: it sends nothing and nothing of it stays."""

    def __init__(self, first, client):
        super().__init__(first.host, client, first.round, None, first.rng.derive("repeat"))
        self.clock = first.clock
        self._first = first
        self._round_spent = True  # paid by the first

    async def _arrivals(self, kind, step):
        return self._first.taken.get((kind.name, step), [])

    def _deliver(self, kind, step, fields):
        pass
