"""Attempts of rounds: the halves that run, the report, and what stays when the round is settled."""

import asyncio
import traceback

from half import Half, Round
from measurements import measure
from memories import sender_key
from refusals import Breach, Refusal
from seals import seals_of
from tally import no_bytes


class Attempt:
    """One `begin`. `finished(attempt)` is called when all its halves have returned, failed or been stopped."""

    def __init__(self, host, content):
        self.host = host
        absent = {entry["from"]: entry["why"] for entry in content["absent"]}
        self.round = Round(content["index"], content["attempt"], absent, content["startMs"], content.get("task", False))
        self.outcomes = {}
        self.failure = None
        self._halves = {}
        self._tasks = {}
        self._box = host.inbox.open(self.round.index, self.round.attempt)
        returned = content.get("returned") or {"clients": [], "atMs": 0.0}
        for i in returned["clients"]:
            if i in host.clients:
                host.clients[i].clock = max(host.clients[i].clock, returned["atMs"])
        runs = [host.clients[i] for i in content["cohort"] if i in host.clients and i not in absent]
        for client in runs:
            client.has_taken_part = True
            half = Half(host, client, self.round, self._box)
            self._halves[client.index] = half
            self._tasks[client.index] = asyncio.create_task(self._run(client, half))
        self._watch = asyncio.create_task(self._report())

    async def _run(self, client, half):
        sealed = False
        try:
            state = await self.host.setup.method.half(half, client.state)
            self.host.seal(seals_of(half))
            sealed = True
            await measure(half, client)
            self.outcomes[client.index] = half.outcome(state)
        except Exception as error:
            if not sealed:
                self.host.seal(seals_of(half))
            if not isinstance(error, Refusal):
                traceback.print_exception(error)
            self._fail(error)

    def _fail(self, error):
        if self.failure is None:
            self.failure = error
            code = error.code if isinstance(error, Refusal) else "ERR_HALF_FAILED"
            self.host.say("failed", {**self.stamp(), "code": code, "message": str(error)[:1000]})

    def stamp(self):
        return {"epoch": self.host.epoch, "generation": self.host.generation, "index": self.round.index, "attempt": self.round.attempt}

    async def _report(self):
        """Sends `done` once nothing runs any more; not where all halves were stopped."""
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        if self.failure is not None or (self._tasks and not self.outcomes):
            return
        done = sorted(self.outcomes.items())
        content = {
            **self.stamp(),
            "parties": [outcome.party(client, self.round.is_task) for client, outcome in done],
            "absences": [absence.content(self.round.index) for _, outcome in done for absence in outcome.absences],
            "bytes": self.host.bytes.content(),
            "tensorCounts": [0],
            "firings": [],
        }
        self.host.bytes = no_bytes()
        self.host.say("done", content)

    def waits(self):
        """(texts of halves that wait, whether another one computes)."""
        running = [half for client, half in self._halves.items() if not self._tasks[client].done()]
        return [half.waiting for half in running if half.waiting], any(half.waiting is None for half in running)

    def stop(self, clients=None):
        """Stops the halves of these clients, or all: nothing more is sent for them."""
        for client, task in self._tasks.items():
            if clients is None or client in clients:
                task.cancel()

    def end(self):
        for task in [*self._tasks.values(), self._watch]:
            task.cancel()
        self.host.inbox.close(self.round.index, self.round.attempt)


class Rounds:
    """The attempts of an assignment."""

    def __init__(self, host):
        self._host = host
        self._attempts = {}

    def begin(self, content):
        if "ready" in content:
            raise Breach("a meeting, in a method without meetings")
        for i in content["forgotten"]:
            if i in self._host.clients:
                self._host.clients[i].reset(self._host.setup.initial_state())
        self._attempts[content["index"], content["attempt"]] = Attempt(self._host, content)

    def abort(self, content):
        attempt = self._attempts.get((content["index"], content["attempt"]))
        if attempt is not None:
            attempt.stop(content["clients"])

    def settle(self, content):
        attempt = self._attempts.pop((content["round"], content["attempt"]), None)
        if attempt is None:
            return
        attempt.end()
        posts = {entry["client"]: entry["posts"] for entry in content["undelivered"]}
        for i in content["cohort"]:
            outcome = attempt.outcomes.get(i)
            if content["abandoned"] or outcome is None:  # the cohort names clients of other workers as well
                continue
            client = self._host.clients[i]
            client.clock = outcome.clock
            if i not in content["voided"]:
                client.state = outcome.state
                client.memories = self._settled_memories(i, outcome, posts.get(i, []))
                client.undelivered = posts.get(i, [])

    def _settled_memories(self, client, outcome, undelivered):
        """The memories of the attempt; that of a post which reached none of its peers is what it is after a lost message."""
        memories = dict(outcome.memories)
        if not undelivered:
            return memories
        missed = {(post["kind"], post["step"], post["to"]) for post in undelivered}
        others = self._host.setup.others(client)
        for posted in outcome.posts:
            reached_none = all((posted.kind, posted.step, other) in missed for other in others)
            if reached_none and posted.lost_memory is not None and self._host.setup.kind(posted.kind).to == "peers":
                memories[sender_key(posted.kind, posted.field)] = posted.lost_memory
        return memories

    def waits(self):
        texts, computing = [], False
        for attempt in self._attempts.values():
            waiting, computes = attempt.waits()
            texts += waiting
            computing = computing or computes
        return {"waits": texts, "computing": computing}

    def end(self):
        for attempt in self._attempts.values():
            attempt.end()
        self._attempts.clear()
