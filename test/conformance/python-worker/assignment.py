"""A seat's assignment: the clients that this worker hosts in one epoch, and all that belongs to them."""

import asyncio
from urllib.parse import quote

import records
from background import start
from clients import new_client
from frames import PACKED, packed, packed_content
from inbox import Inbox
from links import OpenedLink
from peers import Peers
from refusals import Breach, Refusal
from rounds import Rounds
from seals import in_messages
from setup import Setup
from shapes import LINK_EVENTS
from tally import no_bytes


class Assignment:
    """What `assign` asks for. What ends it is reported to `worker`: `lost(assignment)`, `over(assignment)`, `broken(breach)`, `stopped(content)`."""

    def __init__(self, content, worker, session, url):
        self.content, self._worker, self.session, self._url = content, worker, session, url
        self.name, self.epoch, self.generation = content["worker"], content["epoch"], content["generation"]
        self.others = {entry["worker"]: entry["clients"] for entry in content["workers"] if entry["worker"] != self.name}
        self.link = None
        self.rounds = Rounds(self)
        self.peers = Peers(self)
        self.bytes = no_bytes()

    async def prepare(self):
        """The answer to `assign`, once data, model and sockets are there."""
        self.setup = await asyncio.to_thread(Setup, self.content["scenario"], self.content["clients"])
        setup = self.setup
        self.clients = {i: new_client(i, setup.method, setup.initial) for i in sorted(self.content["clients"])}
        self.inbox = Inbox(self.clients, setup)
        if setup.method.between_clients:
            await self.peers.listen()
        url = f"{self._url}/frames?token={quote(self.content['token'], safe='')}"
        self.link = OpenedLink(self.session, url, setup.heartbeat, self._accepts, self._take, self._link_ended)
        if not await asyncio.wait_for(asyncio.shield(self.link.first_count), max(10, setup.heartbeat)):
            raise Refusal("the frame socket was refused", "ERR_PROTOCOL")
        return {
            "device": "cpu", "deterministic": True, "parameterCount": setup.objective.length, "read": setup.hashes,
            "peer": None if self.peers.port is None else {"host": None, "port": self.peers.port, "tls": False},
        }

    def count_bytes(self, half, direction, raw, payload, wire):
        for total in (self.bytes[direction], half.sent[direction]):
            total.raw += raw
            total.payload += payload
            total.wire += wire

    # What goes out.

    def to_coordinator(self, packet):
        self.link.send(packet)

    def say(self, event, content):
        """A control message on the frame link."""
        self.to_coordinator(packed({"type": "control", "event": event, "content": content}))

    def _worker_of(self, client):
        return next((worker for worker, clients in self.others.items() if client in clients), None)

    def deliver(self, packet):
        """A frame to the party that it is for."""
        if packet.receiver in self.clients:
            self.inbox.put(packet)
        elif packet.receiver < 0:
            self.to_coordinator(packet)
        else:
            self.peers.send(self._worker_of(packet.receiver), packet)

    def seal(self, seal):
        """A seal to its receivers, on the ways of the frames before it."""
        self.inbox.put_seal({**seal, "to": [party for party in seal["to"] if party in self.clients]})
        ways = {}
        for party in seal["to"]:
            if party not in self.clients:
                way = "coordinator" if party == "coordinator" else self.peers.way_to(self._worker_of(party))
                ways.setdefault(way, []).append(party)
        for way, receivers in ways.items():
            for content in in_messages({**seal, "to": receivers}):
                if way == "coordinator":
                    self.to_coordinator(packed(content))
                else:
                    self.peers.send(way, packed(content))

    # What comes in.

    def check_frame(self, packet):
        """Kind and parties of a frame that is for a client of this worker."""
        if packet.kind >= len(self.setup.method.kinds):
            raise Breach(f"kind {packet.kind} of {len(self.setup.method.kinds)}")
        from_coordinator = self.setup.method.kinds[packet.kind].sender == "coordinator"
        if not -1 <= packet.sender < self.setup.party_count or (packet.sender < 0) != from_coordinator:
            raise Breach(f"a frame from {packet.sender}")
        if packet.receiver not in self.clients:
            raise Breach(f"a frame for {packet.receiver}, who is not here")

    def _accepts(self, packet):
        self.check_frame(packet)
        if packet.sender in self.clients:
            raise Breach("a frame of a client of this worker")

    def take_seal(self, seal):
        if len(seal["counts"]) != len(self.setup.method.kinds) or not all(party in self.clients for party in seal["to"]):
            raise Breach("a seal that is not for this worker")
        self.inbox.put_seal(seal)

    def _take(self, packet):
        if packet.type != PACKED:
            self.inbox.put(packet)
            return
        kind, content = packed_content(packet)
        if kind == "seals":
            for seal in content["seals"]:
                self.take_seal(seal)
        elif kind == "restore":
            self._hosted(content["client"]).restore(content["data"])
        elif kind == "restored-all":
            self.to_coordinator(packed(content))
        elif content["event"] not in LINK_EVENTS:
            raise Breach(f"an event {content['event']} on a link")
        else:
            self.event(content["event"], LINK_EVENTS[content["event"]](content["content"]))

    def _hosted(self, client):
        if client not in self.clients:
            raise Breach(f"client {client}, who is not here")
        return self.clients[client]

    def event(self, event, content):
        """An event of the coordinator that concerns the rounds."""
        if event == "begin":
            self._worker.is_working()
            self.rounds.begin(content)
        elif event == "abort":
            self.rounds.abort(content)
        elif event == "settle":
            self.rounds.settle(content)
            self.peers.settled()
        elif event == "collect":
            self._collect(content)
        elif event == "waits":
            start(self._say_waits(content["request"]))
        else:
            self._worker.stopped(content)

    async def _say_waits(self, request):
        await asyncio.sleep(0)  # halves that were just begun come as far as their first wait
        self.say("waits", {"request": request, **self.rounds.waits()})

    def _collect(self, content):
        wanted = self.clients if content["clients"] == "all" else content["clients"]
        for i in wanted:
            if i not in self.clients:  # it may name clients of other workers as well
                continue
            client = self.clients[i]
            data = client.record()
            if content["what"] == "estimates":
                vectors = self.setup.method.estimates(client.state)
                data = None if vectors is None else records.encode(vectors)
            if client.has_taken_part and data is not None:
                self.to_coordinator(packed({"type": "collected", "request": content["request"], "client": i, "data": data}))
        self.to_coordinator(packed({"type": "collected-all", "request": content["request"]}))

    def _link_ended(self, end):
        if isinstance(end, Breach):
            self._worker.broken(end)
        elif end == 1000:
            self._worker.over(self)
        else:
            self._worker.lost(self)

    async def release(self, code):
        """Ends everything of this assignment; the frame link with this close code."""
        self.rounds.end()
        await self.peers.close()
        if self.link is not None:
            await self.link.close(code)
