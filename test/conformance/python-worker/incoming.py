"""What a peer sends to this worker, on the socket that the peer opened."""

import asyncio
import re

import aiohttp
from aiohttp import web

from counting import LARGEST_MESSAGE, Numbers
from frames import PACKED, packed_content
from refusals import Breach


class Incoming:
    """One peer: one connection after the other where its link is numbered. After a breach it is banned for the epoch."""

    def __init__(self, host, worker, key):
        self.host, self.worker, self.key = host, worker, key
        self.banned = False
        self._parties = set(host.others[worker])
        self._numbers = None
        self._task = None

    def accepts(self, packet):
        self.host.check_frame(packet)
        if packet.sender not in self._parties:
            raise Breach("a frame of a party that its sender does not host")

    def _take(self, packet):
        if packet.type != PACKED:
            self.host.inbox.put(packet)
            return
        kind, content = packed_content(packet)
        if kind != "seals":
            raise Breach(f"{kind} from a peer")
        for seal in content["seals"]:
            if seal["from"] not in self._parties:
                raise Breach("a seal of a party that its sender does not host")
            self.host.take_seal(seal)

    async def serve(self, request):
        """One connection of the peer."""
        have = request.query.get("have")
        if have is not None and (not re.fullmatch("0|[1-9][0-9]*", have) or int(have) != 0):
            return web.Response(status=409)
        if self._numbers is None or have is None:
            self._numbers = Numbers(self.host.setup.heartbeat, self.accepts, self._take)
        if self._task is not None:
            self._task.cancel()  # a newer connection replaces the older
        self._task = asyncio.current_task()
        ws = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=LARGEST_MESSAGE, timeout=1)
        await ws.prepare(request)
        try:
            if have is None:
                await self._serve_plain(ws)
            elif await self._numbers.serve(ws, False) == 1000:
                self._numbers = None
        except Breach:
            self.banned = True
            await ws.close(code=1008)
        return ws

    async def _serve_plain(self, ws):
        while True:
            message = await ws.receive()
            if message.type == aiohttp.WSMsgType.BINARY:
                self._numbers.take_uncounted(message.data)
            elif message.type == aiohttp.WSMsgType.PING:
                await ws.pong(message.data)
            elif message.type == aiohttp.WSMsgType.TEXT:
                raise Breach("a text message")
            elif message.type != aiohttp.WSMsgType.PONG:
                return

    def close(self):
        if self._task is not None:
            self._task.cancel()
