"""One assignment: its clients and the rounds they take part in."""

import asyncio
import hashlib
import json
import struct

import datasets
from datasets import DATASETS
from derive import root, single
from halves import HALVES, KINDS, initial
import payloads
from linear import Linear, dimension
from quadratic import Quadratic
from records import decoded, encoded
from rounds import Again, Client, Port
from wire import Bounds, Receiver, Sender, messages_of


class Unsupported(Exception):
    pass


def sha(arrays):
    h = hashlib.sha256()
    for data in arrays:
        h.update(b"%d\n" % len(data) + data)
    return h.hexdigest()


def supported(scenario):
    method, objective, topology = scenario["method"], scenario["objective"], scenario.get("topology")
    data = scenario["data"]
    if method["name"] not in KINDS or objective["name"] not in ("quadratic", "linear-regression", "softmax-regression"):
        raise Unsupported("expected sgd, fedavg or gradient-tracking on quadratic, linear-regression or softmax-regression")
    if objective["name"] != "quadratic" and (data["name"] not in DATASETS or data["partition"]["name"] != "iid"):
        raise Unsupported("data: expected linear-regression or gaussian-clusters, split iid")
    if scenario.get("use") or scenario.get("aggregators") or scenario.get("stress", {}).get("gradientScales"):
        raise Unsupported("use, aggregators, stress: expected none")
    if topology and (topology["name"], topology["weights"], topology["lazy"]) != ("ring", "metropolis", False):
        raise Unsupported("topology: expected a ring with Metropolis weights")
    if scenario["faults"] or any(link["jitterMs"] for link in scenario["links"]):
        raise Unsupported("faults, links: expected no faults and no jitter")
    if method.get("gradientClip") or method.get("tensorClipping") or method.get("form", "cta") != "cta":
        raise Unsupported("method: expected no clipping, form cta")
    for kind, entry in (scenario.get("codecs") or {}).items():
        if not payloads.supported(entry["codec"]):
            raise Unsupported("codecs.%s: expected a codec of derive.py" % kind)
        if entry["memory"] and KINDS[method["name"]][kind]["to"] == "peers":
            raise Unsupported("codecs.%s: expected no memory of messages to peers" % kind)
    for key in ("matrices", "centres"):
        if objective.get(key):
            raise Unsupported("objective.%s: expected none" % key)


class Run:
    def __init__(self, assign, emit):
        self.scenario, self.emit = assign["scenario"], emit
        supported(self.scenario)
        self.where = {"epoch": assign["epoch"], "generation": assign["generation"]}
        self.own = assign["worker"]
        self.wide = self.scenario["precision"] == "float64"
        self.method, objective = self.scenario["method"], self.scenario["objective"]
        self.kinds = KINDS[self.method["name"]]
        self.names = sorted(self.kinds)
        if objective["name"] == "quadratic":
            self.open_quadratic(objective)
        else:
            self.open_linear(objective)
        codecs = self.scenario.get("codecs") or {}
        self.coders = {name: payloads.Coder(codecs.get(name, payloads.NONE), self.segments, self.wide) for name in self.names}
        self.clients = {}
        for i in assign["clients"]:
            self.clients[i] = Client(i, self.problem_of(i), initial(self.method["name"], self.parameters, self.wide))
        self.bounds = Bounds(self.scenario["clients"], len(self.kinds), self.dimension)
        self.sender, self.receiver = Sender(), Receiver(self.bounds)
        # The frame link, once it is there.
        self.link = None
        self.host_of = {client: who["worker"] for who in assign["workers"] for client in who["clients"]}
        self.speaks_to_peers = any(fields["to"] == "peers" for fields in self.kinds.values())
        # By worker: links and sockets of their own. Others are reached through the coordinator.
        self.peer_ways = {}
        self.running = None
        self.tasks = {}
        self.ports = {}

    def open_quadratic(self, objective):
        self.dimension = objective["dimension"]
        self.segments = [self.dimension]
        start = float(objective["initialValue"])
        self.parameters = [start if self.wide else single(start)] * self.dimension
        self.data, self.shards = [b""] * 6, [b""] * self.scenario["clients"]
        self.problem_of = lambda i: Quadratic(self.scenario["seed"], i, self.wide, objective)

    def open_linear(self, objective):
        seed, data = self.scenario["seed"], self.scenario["data"]
        train, test, classes = datasets.load(seed, data)
        softmax = objective["name"] == "softmax-regression"
        if softmax != (classes > 0):
            raise Unsupported("data: expected that of the objective")
        settings = {**objective, "softmax": softmax}
        self.dimension = dimension(data["features"], classes or 1, settings)
        self.parameters = [0.0] * self.dimension
        weights = data["features"] * (classes or 1)
        self.segments = [n for n in (weights, self.dimension - weights) if n]
        shards = datasets.iid(seed, len(train.rows), self.scenario["clients"])
        self.data = train.arrays() + test.arrays()
        self.shards = [struct.pack("<%dI" % len(shard), *shard) for shard in shards]
        self.problem_of = lambda i: Linear(train, shards[i], classes or 1, self.wide, settings)

    def read(self):
        parameters = struct.pack("<%d%s" % (self.dimension, "d" if self.wide else "f"), *self.parameters)
        return {"data": sha(self.data), "partition": sha(self.shards), "initialParameters": sha([parameters])}

    def way_to(self, party):
        return self.peer_ways.get(self.host_of.get(party), self.link)

    def send_packed(self, content, way=None):
        again = None if way in (None, self.link) else lambda: self.send_packed(content)
        (way or self.link).send(self.sender.packed(content), again)

    def send_seal(self, seal):
        ways = {}
        for to in seal["to"]:
            if to not in self.clients:
                ways.setdefault(self.way_to(to), []).append(to)
        for way, to in ways.items():
            self.send_packed({"type": "seals", "seals": [{**seal, "to": to}]}, way)

    def send_frame(self, frame, body):
        if frame["to"] in self.clients:
            return self.deliver(frame, body)
        way, frame = self.way_to(frame["to"]), dict(frame)
        again = None if way is self.link else lambda: self.link.send(self.sender.frame(frame, body, frame["count"]))
        way.send(self.sender.frame(frame, body, frame["count"]), again)

    def deliver(self, frame, body):
        name = self.names[frame["kind"]]
        messages, lost = None, frame["lost"]
        if not lost:
            messages = messages_of(self.kinds[name], body, frame["count"], self.dimension, self.coders[name].decode)
            lost = None if messages is not None else "rejected"
        box = self.clients[frame["to"]].mailbox
        key = tuple(frame[k] for k in ("round", "attempt", "kind", "step", "from"))
        box.put(box.frames, key, (frame["arrivesAtMs"], lost, messages))

    def deliver_seal(self, seal):
        for to in seal["to"]:
            if to in self.clients:
                box = self.clients[to].mailbox
                box.put(box.seals, (seal["round"], seal["attempt"], seal["from"]), seal["counts"])

    def receive(self, message, receiver=None, peer=None):
        """`peer`: the worker that sent it on a socket of its own; None: the coordinator, which passes on what others send.
        Gives what is `control`."""
        read = (receiver or self.receiver).read(message)
        if read is None:
            return
        sort, content, body = read
        if sort == "frame":
            if content["to"] not in self.clients:
                raise ValueError("a frame for another worker's client")
            self.check_sender(content["from"], peer)
            return self.deliver(content, body)
        if content["type"] == "seals":
            for seal in content["seals"]:
                self.check_sender(seal["from"], peer)
                self.deliver_seal(seal)
        elif peer:
            raise ValueError("a packed message of the coordinator from a peer")
        elif content["type"] == "control":
            return content
        elif content["type"] == "restore":
            client, record = self.clients[content["client"]], decoded(content["data"])
            client.state, client.clock, client.took_part = record["state"], record["clockMs"], True
            client.memories = record["memories"]
        else:
            self.send_packed(content)

    def check_sender(self, sender, peer):
        if peer and self.host_of.get(sender) != peer:
            raise ValueError("of a party that its sender does not host")

    def begin(self, begin):
        for i in begin["forgotten"]:
            self.clients[i].state = initial(self.method["name"], self.parameters, self.wide)
            self.clients[i].memories = {}
        away = {a["from"] for a in begin["absent"]}
        key = self.running = (begin["index"], begin["attempt"])
        run = [self.clients[i] for i in begin["cohort"] if i in self.clients and i not in away]
        for client in self.clients.values():
            client.mailbox.drop_before(*key)
        self.ports = {c.index: Port(self, c, begin) for c in run}
        self.tasks = {c.index: asyncio.create_task(self.half(c, self.ports[c.index])) for c in run}
        asyncio.create_task(self.report(begin, dict(self.tasks), dict(self.ports)))

    async def half(self, client, port):
        try:
            half = HALVES[self.method["name"]]
            state = await half(port, client.problem, self.method, client.state)
            if port.measured:
                again = Again(port)
                await half(again, client.problem, self.method, client.state)
                port.adjust(again)
            client.pending = (state, port.clock, port.memories.now)
        finally:
            if not port.aborted:
                seal = port.seal()
                self.deliver_seal(seal)
                self.send_seal(seal)

    async def report(self, begin, tasks, ports):
        results = await asyncio.gather(*tasks.values(), return_exceptions=True)
        place = {**self.where, "index": begin["index"], "attempt": begin["attempt"]}
        for result in results:
            if isinstance(result, Exception):
                return await self.emit("failed", {**place, "code": "ERR_HALF_FAILED", "message": repr(result)})
        left = [port for port in ports.values() if not port.aborted]
        if ports and not left:
            return
        total = {way: {k: sum(p.bytes[way][k] for p in left) for k in ("raw", "payload", "wire")} for way in ("up", "down", "peer")}
        await self.emit("done", {**place, "parties": [p.report() for p in left], "absences": [a for p in left for a in p.absences],
                                 "bytes": total, "tensorCounts": [0], "firings": [0] * len(self.scenario.get("faults") or [])})

    def abort(self, message):
        if (message["index"], message["attempt"]) != self.running:
            return
        for i, task in self.tasks.items():
            if message["clients"] is None or i in message["clients"]:
                self.ports[i].aborted = True
                task.cancel()

    def settle(self, settle):
        for i in settle["cohort"]:
            client = self.clients.get(i)
            if client is None or client.pending is None:
                continue
            (state, clock, memories), client.pending = client.pending, None
            if settle["abandoned"]:
                continue
            client.clock = clock
            if i not in settle["voided"]:
                client.state, client.memories, client.took_part = state, memories, True

    def collect(self, request):
        for i, client in self.clients.items():
            if request["clients"] != "all" and i not in request["clients"]:
                continue
            if request["what"] == "records":
                value = client.record() if client.took_part else None
            else:
                value = [client.state["x"]] if client.took_part and self.method["name"] == "gradient-tracking" else None
            if value is not None:
                self.send_packed({"type": "collected", "request": request["request"], "client": i, "data": encoded(value)})
        self.send_packed({"type": "collected-all", "request": request["request"]})

    def close(self):
        for task in self.tasks.values():
            task.cancel()
