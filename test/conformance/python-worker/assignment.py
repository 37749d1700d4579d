"""What a worker holds from `assign` until the epoch ends: its clients, its frame link and its sockets to peers."""

import asyncio

import peers
import shapes
from link import Link
from run import Run

OF_THE_EPOCH = ("begin", "abort", "settle", "collect", "waits", "stop")


class Assignment:
    """`over`: called with how the worker's part ends: stop's ending, lost or broke."""

    def __init__(self, http, url, assign, over):
        self.http, self.url, self.over, self.token = http, url, over, assign["token"]
        self.where = {"epoch": assign["epoch"], "generation": assign["generation"]}
        self.peers = self.link = self.run_ = None
        self.is_over = False
        self.ready = asyncio.create_task(self.prepare(assign))
        self.introduction = None

    async def prepare(self, assign):
        run = self.run_ = Run(assign, self.control)
        workers = assign["scenario"].get("workers", {})
        self.heartbeat = workers.get("heartbeatMs", 20000) / 1000
        self.peer_down = workers.get("peerDownMs", 3000) / 1000
        self.link = Link(self.http, self.url + "/frames", {"token": self.token}, self.heartbeat, self.heartbeat, self.take, self.link_over)
        run.link = self.link
        await self.link.opened
        if run.speaks_to_peers:
            self.peers = await peers.listen(self.http, run, self.link.socket, self.heartbeat, self.peer_down)
        return {"device": "python", "deterministic": True, "parameterCount": run.dimension, "read": run.read(),
                "peer": self.peers.address if self.peers else None}

    async def control(self, event, content):
        self.run_.send_packed({"type": "control", "event": event, "content": content})

    def take(self, message):
        content = self.run_.receive(message)
        if content is None:
            return
        event, content = content["event"], content["content"]
        if event not in OF_THE_EPOCH:
            raise ValueError("control of %s" % event)
        if event == "stop":
            return self.end(shapes.EVENTS["stop"](content).get("over", "refused"))
        if event == "waits":
            return asyncio.create_task(self.answer(shapes.WAITS(content)))
        getattr(self.run_, event)(shapes.EVENTS[event](content))

    async def answer(self, request):
        # Halves that have just begun come to their first wait before.
        await asyncio.sleep(0.01)
        self.run_.send_packed({"type": "control", "event": "waits", "content": {**request, **self.waits()}})

    def waits(self):
        run = self.run_
        waits = [port.waiting for i, port in run.ports.items() if not run.tasks[i].done()] if run else []
        return {"waits": [text for text in waits if text], "computing": None in waits}

    def introduced(self, message):
        """Asked again it is answered as before."""
        if self.introduction is None or self.introduction[0] != message:
            self.introduction = (message, asyncio.create_task(self.introduce(message)))
        return asyncio.shield(self.introduction[1])

    async def introduce(self, message):
        if not self.run_.speaks_to_peers:
            return {"unreachable": []}
        if not self.peers:
            return {"unreachable": [key["worker"] for key in message["keys"]]}
        return {"unreachable": await self.peers.introduced(message)}

    def link_over(self, why):
        self.is_over = True
        if why.startswith("broke"):
            self.over("broke", why)
        elif why == "down":
            self.over("lost", "the frame link is down")

    def end(self, ending):
        self.is_over = True
        self.over(ending)

    async def release(self):
        self.is_over = True
        self.ready.cancel()
        if self.run_:
            self.run_.close()
        if self.peers:
            await self.peers.close()
        if self.link:
            await self.link.close()
