"""Sockets between workers: one for each direction, used by the worker that opened it."""

import asyncio

from aiohttp import web

from background import start
from incoming import Incoming
from links import OpenedLink
from plainlink import PlainLink
from refusals import Breach

_ADMISSION_SECONDS = 10
_OPEN_SECONDS = 3


class Peers:
    """The port for peers, and the ways to them. Before `introduce` nothing is known of them, and their requests wait."""

    def __init__(self, host):
        self._host = host
        self._runner = None
        self._introduced = asyncio.Event()
        self._incoming = {}
        self._outgoing = {}
        self.port = None

    async def listen(self):
        app = web.Application()
        app.router.add_get("/peers", self._admit)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "0.0.0.0", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def _admit(self, request):
        try:
            await asyncio.wait_for(self._introduced.wait(), _ADMISSION_SECONDS)
        except asyncio.TimeoutError:
            return web.Response(status=403)
        incoming = self._incoming.get(request.query.get("worker"))
        if incoming is None or incoming.banned or request.query.get("key") != incoming.key or "Origin" in request.headers:
            return web.Response(status=403)
        return await incoming.serve(request)

    async def introduce(self, content):
        """Opens the sockets to the peers; the names of those that are not reached."""
        keys = {entry["worker"]: entry for entry in content["keys"]}
        for worker, entry in keys.items():
            if worker in self._host.others and worker not in self._incoming:
                self._incoming[worker] = Incoming(self._host, worker, entry["incoming"])
        self._introduced.set()
        for peer in content["peers"]:
            if peer["worker"] in keys and peer["worker"] not in self._outgoing:
                self._open(peer, keys[peer["worker"]]["outgoing"])
        wanted = [worker for worker in self._host.others if worker in self._outgoing]
        if wanted:
            await asyncio.wait([self._outgoing[worker].first_count for worker in wanted], timeout=_OPEN_SECONDS)
        unreachable = []
        for worker in self._host.others:
            link = self._outgoing.get(worker)
            if link is None or not link.first_count.done() or not link.first_count.result():
                unreachable.append(worker)
                if link is not None:
                    self._abandon(worker)
        return {"unreachable": unreachable}

    def _open(self, peer, key):
        url = f"{peer['url'].rstrip('/')}/peers?key={key}&worker={self._host.name}"
        worker = peer["worker"]

        def on_end(end):
            self._abandon(worker)

        if peer.get("links"):
            self._outgoing[worker] = OpenedLink(
                self._host.session, url, self._host.setup.heartbeat, _nothing_comes, _nothing_comes, on_end, self._host.setup.peer_down
            )
        else:
            self._outgoing[worker] = PlainLink(self._host.session, url, on_end)

    def _abandon(self, worker):
        """What the peer may lack, then all that follows, goes through the coordinator until the epoch ends."""
        link = self._outgoing.pop(worker, None)
        if link is None:
            return
        start(link.close(1001))
        for packet in link.unacknowledged():
            self._host.to_coordinator(packet)

    def send(self, worker, packet):
        link = self._outgoing.get(worker)
        if link is None:
            self._host.to_coordinator(packet)
        else:
            link.send(packet)

    def way_to(self, worker):
        """The worker itself, or `coordinator` where its frames go through it."""
        return worker if worker in self._outgoing else "coordinator"

    def settled(self):
        for link in self._outgoing.values():
            if isinstance(link, PlainLink):
                link.settled()

    async def close(self):
        outgoing, self._outgoing = self._outgoing, {}
        for link in outgoing.values():
            await link.close(1000)
        for incoming in self._incoming.values():
            incoming.close()
        if self._runner is not None:
            await self._runner.cleanup()


def _nothing_comes(packet):
    raise Breach("a message on a link that is used by the other end alone")
