"""What a worker keeps of a run: its clients, what has come for them, and the port of a half in a round."""

import asyncio

from derive import root
from memories import Memories
from wire import Sender, body_of, wire_size


def names(listed, party):
    if isinstance(listed, list):
        return party in listed
    return listed in ("all", party) or (listed == "clients" and party != "coordinator")


class Mailbox:
    """Frames and seals for one client."""

    def __init__(self):
        self.frames = {}
        self.seals = {}
        self.came = asyncio.Event()

    def put(self, kept, key, value):
        kept.setdefault(key, value)
        self.came.set()

    def drop_before(self, round_, attempt):
        for kept in (self.frames, self.seals):
            for key in [key for key in kept if key[:2] < (round_, attempt)]:
                del kept[key]


class Client:
    def __init__(self, index, problem, state):
        self.index = index
        self.problem = problem
        self.state = state
        self.clock = 0
        self.memories = {}
        self.took_part = False
        self.mailbox = Mailbox()
        self.pending = None

    def record(self):
        return {"clockMs": self.clock, "memories": self.memories, "state": self.state, "undelivered": []}


class Port:
    """Posts and takes of one half."""

    def __init__(self, run, client, begin):
        self.run, self.client, self.begin = run, client, begin
        self.round, self.attempt = begin["index"], begin["attempt"]
        self.clock = max(client.clock, begin["startMs"])
        self.rng = root(run.scenario["seed"]).derive("party", client.index).derive("round", self.round)
        self.memories = Memories(client.memories, run.wide)
        # Of the round's vectors under adaptive codecs, by address; and what each take found, for the second run.
        self.measured, self.took = {}, {}
        self.absent_already = {a["from"]: a["why"] for a in begin["absent"]}
        self.posted = [0] * len(run.kinds)
        self.taken = [0] * len(run.kinds)
        self.measures, self.absences, self.unused = [], [], []
        self.bytes = {way: {"raw": 0, "payload": 0, "wire": 0} for way in ("up", "down", "peer")}
        self.coding = {way: {"encodeMs": 0, "decodeMs": 0, "squaredError": 0, "squaredNorm": 0} for way in ("up", "down", "peer")}
        self.waiting = None
        self.started = False
        self.aborted = False
        device = [d for d in run.scenario["devices"] if names(d["clients"], client.index)]
        self.device = device[-1] if device else {"msPerRound": 0, "msPerExample": 0}

    def start(self):
        """The first use of a message, or the first post."""
        self.clock += 0 if self.started else self.device["msPerRound"]
        self.started = True

    def gradient(self, x, batch):
        self.clock += self.device["msPerExample"] * len(batch)
        return self.client.problem.gradient(x, batch)

    def delay(self, kind, to, direction, size):
        links = [k for k in self.run.scenario["links"]
                 if names(k["from"], self.client.index) and names(k["to"], to) and k["kind"] in (None, kind)
                 and k["direction"] in ("all", direction)]
        if not links:
            return 0
        mbps = links[-1]["bandwidthMbps"]
        return links[-1]["latencyMs"] + (0 if mbps is None else size * 8 / (mbps * 1000))

    def neighbours(self):
        n, i = self.run.scenario["clients"], self.client.index
        return sorted({(i - 1) % n, i, (i + 1) % n})

    def degree(self, i):
        return len({(i - 1) % self.run.scenario["clients"], (i + 1) % self.run.scenario["clients"]} - {i})

    def weight(self, sender):
        """The Metropolis weight of a sender on the ring."""
        own = self.client.index
        if sender != own:
            return 1 / (1 + max(self.degree(own), self.degree(sender)))
        others = 0.0
        for j in self.neighbours():
            if j != own:
                others += self.weight(j)
        return 1 - others

    def post(self, name, message):
        """The vectors as receivers decode them."""
        kind, fields = self.run.names.index(name), self.run.kinds[name]
        step, self.posted[kind] = self.posted[kind], self.posted[kind] + 1
        peers = fields["to"] == "peers"
        self.start()
        direction = "peer" if peers else "up"
        vectors, decoded = {}, {}
        for field in fields["vectors"]:
            vectors[field], decoded[field] = self.encoded(name, field, step, message[field], direction)
        self.send(name, kind, step, message, vectors, direction)
        return decoded

    def send(self, name, kind, step, message, vectors, direction):
        fields, peers = self.run.kinds[name], direction == "peer"
        body = body_of(fields, [{**message, **vectors}])
        raw = sum(len(message[f]) for f in fields["vectors"]) * (8 if self.run.wide else 4)
        payload = sum(len(data) for _, data in vectors.values())
        for to in self.neighbours() if peers else ["coordinator"]:
            frame = {"kind": kind, "round": self.round, "step": step, "attempt": self.attempt, "from": self.client.index,
                     "to": to, "arrivesAtMs": self.clock, "lost": None, "count": 1}
            if to == self.client.index:
                self.run.deliver(frame, body)
                continue
            size = sum(map(wire_size, Sender().frame(frame, body, 1)))
            frame["arrivesAtMs"] += self.delay(name, to, direction, size)
            self.run.send_frame(frame, body)
            counted = self.bytes[direction]
            counted["raw"] += raw
            counted["payload"] += payload
            counted["wire"] += size

    def encoded(self, name, field, step, values, direction):
        coder = self.run.coders[name]
        key = "%s/%s/" % (name, field)
        p = self.memories.prepared(key, coder.memory, values)
        level = self.memories.level(key)
        data, c = coder.encode(p, self.rng.derive("codec", name, field, step, 0), level)
        self.memories.sent(key, coder.memory, values, p, c)
        if not coder.is_none:
            self.clock += self.device["nsPerParameterCoded"] * len(values) / 1e6
            cost = self.coding[direction]
            cost["squaredNorm"] += sum(x * x for x in p)
            cost["squaredError"] += sum((x - y) ** 2 for x, y in zip(c, p))
        if coder.adaptive and (self.round + 1) % coder.spec["everyRounds"] == 0:
            self.measured[name, field, step] = (key, list(values), coder.compression_variance(level, p, c))
        return (len(values), data), c

    def adjust(self, again):
        """Chooses levels by what a second run posted."""
        sums, levels = {}, {}
        for address, (key, v, compression) in self.measured.items():
            other = again.measured.get(address)
            total = sums.setdefault(key, [0.0, 0.0, address[0]])
            total[0] += compression if other else float("inf")
            total[1] += sum((x - y) ** 2 for x, y in zip(v, other[1])) / 2 if other else 0.0
        for key, (compression, sampling, name) in sums.items():
            levels.setdefault(name, []).append(self.memories.measured(key, self.run.coders[name].spec, compression, sampling))
        self.measures += [["codecLevel." + name, sum(each) / len(each)] for name, each in levels.items()]
        self.clock = again.clock

    async def take(self, name):
        """[(sender, message)], [absent sender]"""
        kind, fields = self.run.names.index(name), self.run.kinds[name]
        step, self.taken[kind] = self.taken[kind], self.taken[kind] + 1
        messages, absent, box = [], [], self.client.mailbox
        for sender in self.neighbours() if fields["to"] == "peers" else ["coordinator"]:
            while True:
                box.came.clear()
                found = box.frames.get((self.round, self.attempt, kind, step, sender))
                if found:
                    arrives, lost, got = found
                    self.clock = max(self.clock, arrives)
                    if lost:
                        absent.append((sender, lost))
                    else:
                        messages += [(sender, message) for message in got]
                    break
                seal = box.seals.get((self.round, self.attempt, sender))
                if seal and seal[kind] <= step:
                    break
                if sender in self.absent_already:
                    absent.append((sender, self.absent_already[sender]))
                    break
                self.waiting = "client %s waits for %s of %s" % (self.client.index, name, sender)
                await box.came.wait()
                self.waiting = None
        self.took[kind, step] = messages, absent
        for sender, why in absent:
            place = {"kind": name, "step": step, "from": sender, "to": self.client.index}
            self.absences.append({"round": self.round, **place, "why": why})
            if why in ("dropped", "late", "rejected"):
                self.unused.append(place)
        return self.opened(name, messages), [sender for sender, _ in absent]

    def opened(self, name, messages):
        """As their memories have them."""
        coder, fields, places, result = self.run.coders[name], self.run.kinds[name], {}, []
        if messages:
            self.start()
        for sender, message in messages:
            position = places[sender] = places.get(sender, -1) + 1
            message = dict(message)
            for field in fields["vectors"]:
                if not coder.is_none:
                    self.clock += self.device["nsPerParameterCoded"] * self.run.dimension / 1e6
                key = "from %s/%s/%s/%d" % (sender, name, field, position)
                message[field] = self.memories.received(key, coder.memory, message[field])
            result.append((sender, message))
        return result

    def seal(self):
        peers = any(kind["to"] == "peers" for kind in self.run.kinds.values())
        to = [i for i in self.neighbours() if i != self.client.index] if peers else ["coordinator"]
        return {"round": self.round, "attempt": self.attempt, "from": self.client.index, "counts": self.posted, "to": to}

    def report(self):
        return {"party": self.client.index, "clockMs": self.clock, "measures": self.measures, "unusedMessages": self.unused,
                "unused": [], "ledger": [], "coding": self.coding}


class Again(Port):
    """The second run of a half: other draws, on what the first took; nothing leaves it."""

    def __init__(self, first):
        super().__init__(first.run, first.client, first.begin)
        self.clock, self.started, self.found = first.clock, True, first.took
        self.rng = self.rng.derive("repeat")

    def send(self, *_):
        pass

    async def take(self, name):
        kind = self.run.names.index(name)
        step, self.taken[kind] = self.taken[kind], self.taken[kind] + 1
        messages, absent = self.found[kind, step]
        return self.opened(name, messages), [sender for sender, _ in absent]
