"""A socket to a peer that has no numbered links."""

import asyncio

import aiohttp


class PlainLink:
    """It breaks once and for all; what was sent in a round that is not settled may be lost with it."""

    def __init__(self, session, url, on_end):
        self._session, self._url, self._on_end = session, url, on_end
        self._queue = asyncio.Queue()
        self._kept = []
        self._ws = None
        self._streams = 0
        self.first_count = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())

    def send(self, packet):
        self._kept.append(packet)
        self._queue.put_nowait(packet)

    def unacknowledged(self):
        return self._kept

    def settled(self):
        self._kept = []

    def _next_stream(self):
        self._streams += 1
        return self._streams

    async def _run(self):
        end, pump = "down", None
        try:
            self._ws = await self._session.ws_connect(self._url, compress=0, timeout=aiohttp.ClientWSTimeout(ws_close=1))
            self.first_count.set_result(True)
            pump = asyncio.create_task(self._pump())
            async for _ in self._ws:
                pass
            end = self._ws.close_code
        except (OSError, aiohttp.ClientError):
            pass
        finally:
            if pump is not None:
                pump.cancel()
        if not self.first_count.done():
            self.first_count.set_result(False)
        self._on_end(end)

    async def _pump(self):
        try:
            while True:
                for message in (await self._queue.get()).messages(self._next_stream):
                    await self._ws.send_bytes(message)
        except (ConnectionError, aiohttp.ClientError):
            pass

    async def close(self, code):
        self._on_end = lambda end: None
        self._task.cancel()
        if self._ws is not None:
            await self._ws.close(code=code)
