"""Sockets between workers: one for each direction, used by the one that opened it."""

import asyncio
import hmac

import aiohttp
from aiohttp import web

from link import Breach, Incoming, Link
from wire import Receiver


class Way:
    """A socket that is no link: what is lost with it is lost."""

    def __init__(self, socket):
        self.socket, self.queue = socket, asyncio.Queue()
        self.task = asyncio.create_task(self.write())

    def send(self, messages, again):
        for message in messages:
            self.queue.put_nowait(message)

    async def write(self):
        while True:
            await self.socket.send_bytes(await self.queue.get())

    async def close(self):
        self.task.cancel()
        await self.socket.close()


class Peers:
    def __init__(self, http, run, heartbeat, peer_down):
        self.http, self.run, self.heartbeat, self.peer_down = http, run, heartbeat, peer_down
        self.incoming, self.ways, self.open_here = {}, [], []
        # Of each key: what has come over its link, and the connection that it comes over now.
        self.links = {}

    async def introduced(self, message):
        """Opens a socket to each; those that cannot be reached."""
        found = {peer["worker"]: peer for peer in message["peers"]}
        self.incoming = {key["incoming"]: key["worker"] for key in message["keys"]}
        unreachable = []
        for key in message["keys"]:
            worker = key["worker"]
            try:
                way = await asyncio.wait_for(self.open(found[worker], key["outgoing"]), 5)
            except (KeyError, aiohttp.ClientError, OSError, asyncio.TimeoutError):
                unreachable.append(worker)
                continue
            self.run.peer_ways[worker] = way
            self.ways.append(way)
        return unreachable

    async def open(self, peer, key):
        url = peer["url"].replace("ws", "http", 1) + "/peers"
        query = {"key": key, "worker": self.run.own}
        if not peer.get("links"):
            return Way(await self.http.ws_connect(url, params=query))
        link = Link(self.http, url, query, self.heartbeat, self.peer_down, refuse, lambda why: self.run.peer_ways.pop(peer["worker"], None))
        try:
            await link.opened
        except BaseException:
            await link.close()
            raise
        return link

    async def accept(self, request):
        given = request.query.get("key", "")
        worker = next((w for key, w in self.incoming.items() if hmac.compare_digest(key, given)), None)
        if worker is None or worker != request.query.get("worker"):
            return web.Response(status=403)
        have = request.query.get("have")
        if have not in (None, "0"):
            return web.Response(status=409)
        socket = web.WebSocketResponse(max_msg_size=4194560, compress=False, autoping=False)
        await socket.prepare(request)
        self.open_here.append(socket)
        incoming, receiver, before = self.links.get(given) or (Incoming(self.heartbeat), Receiver(self.run.bounds), None)
        self.links[given] = incoming, receiver, socket
        try:
            if have is None:
                incoming, receiver = Incoming(float("inf")), Receiver(self.run.bounds)
            else:
                if before:
                    asyncio.create_task(before.close(code=1001))
                await incoming.report(socket)
            await incoming.read(socket, lambda message: self.take(given, socket, message, receiver, worker), nothing_sent, have is not None)
        except (Breach, ValueError):
            await socket.close(code=1008)
        return socket

    def take(self, key, socket, message, receiver, worker):
        # What an older connection still brings is discarded.
        if self.links[key][2] is socket:
            self.run.receive(message, receiver, worker)

    async def close(self):
        for one in [*self.ways, *self.open_here]:
            await one.close()
        await self.runner.cleanup()


def refuse(_):
    raise ValueError("a message from the accepting end")


def nothing_sent(count):
    if count:
        raise Breach("a count of what was not sent")


async def listen(http, run, frames, heartbeat, peer_down):
    """At the address that the connection to the coordinator comes from."""
    peers = Peers(http, run, heartbeat, peer_down)
    app = web.Application()
    app.router.add_get("/peers", peers.accept)
    peers.runner = web.AppRunner(app, shutdown_timeout=0.1)
    await peers.runner.setup()
    host = frames.get_extra_info("sockname")[0]
    site = web.TCPSite(peers.runner, host, 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    peers.address = {"host": None, "port": port, "tls": False}
    return peers
