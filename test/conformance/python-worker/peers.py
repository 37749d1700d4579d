"""Sockets between workers: one for each direction, used by the one that opened it."""

import asyncio
import hmac

import aiohttp
from aiohttp import web

from wire import Receiver


class Peers:
    def __init__(self, http, run):
        self.http, self.run = http, run
        self.incoming, self.sockets, self.tasks, self.open_here = {}, {}, [], []

    async def introduced(self, message):
        """Opens a socket to each; those that cannot be reached."""
        urls = {peer["worker"]: peer["url"] for peer in message["peers"]}
        self.incoming = {key["incoming"]: key["worker"] for key in message["keys"]}
        unreachable = []
        for key in message["keys"]:
            worker = key["worker"]
            try:
                query = {"key": key["outgoing"], "worker": self.run.own}
                url = urls[worker].replace("ws", "http", 1) + "/peers"
                socket = await asyncio.wait_for(self.http.ws_connect(url, params=query), 5)
            except (KeyError, aiohttp.ClientError, OSError, asyncio.TimeoutError):
                unreachable.append(worker)
                continue
            queue = self.run.peer_queues[worker] = asyncio.Queue()
            self.sockets[worker] = socket
            self.tasks.append(asyncio.create_task(self.write(queue, socket)))
        return unreachable

    async def write(self, queue, socket):
        while True:
            await socket.send_bytes(await queue.get())

    async def accept(self, request):
        given = request.query.get("key", "")
        worker = next((w for key, w in self.incoming.items() if hmac.compare_digest(key, given)), None)
        if worker is None or worker != request.query.get("worker"):
            return web.Response(status=403)
        socket = web.WebSocketResponse(max_msg_size=4194560, compress=False)
        await socket.prepare(request)
        self.open_here.append(socket)
        receiver = Receiver(self.run.bounds)
        try:
            async for message in socket:
                if message.type != aiohttp.WSMsgType.BINARY:
                    raise ValueError("expected a binary message")
                self.run.receive(message.data, receiver, worker)
        except ValueError:
            await socket.close(code=1008)
        return socket

    async def close(self):
        for task in self.tasks:
            task.cancel()
        for socket in [*self.sockets.values(), *self.open_here]:
            await socket.close()
        await self.runner.cleanup()


async def listen(http, run, frames):
    """At the address that the connection to the coordinator comes from."""
    peers = Peers(http, run)
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
