"""Numbered links: one ordered stream of websocket messages over one connection after the other."""

import asyncio
import struct
import time

import aiohttp

SURVIVED = {None, 1001, 1005, 1006, *range(1011, 1016)}
COUNT_BYTES, WINDOW, COUNT_SECONDS = 1048576, 16777216, 0.1


class Breach(Exception):
    pass


class Incoming:
    """What this end has received of a link, and the counts that it sends of it."""

    def __init__(self, heartbeat):
        self.heartbeat = heartbeat
        self.received = self.covered = self.fresh = 0
        self.heard = time.monotonic()

    async def read(self, socket, take, counted, numbered=True):
        """Until the connection ends; its close code, None where it broke. Not numbered: nothing is counted."""
        self.heard = time.monotonic()
        ticking = asyncio.create_task(self.tick(socket) if numbered else asyncio.sleep(0))
        try:
            async for message in socket:
                self.heard = time.monotonic()
                if message.type == aiohttp.WSMsgType.PING and len(message.data) == 8 and numbered:
                    counted(struct.unpack("<Q", message.data)[0])
                elif message.type == aiohttp.WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type == aiohttp.WSMsgType.BINARY:
                    self.received += 1
                    self.fresh += len(message.data)
                    take(message.data)
                    if self.fresh >= COUNT_BYTES and numbered:
                        await self.report(socket)
                elif message.type != aiohttp.WSMsgType.PONG:
                    raise Breach("expected a binary message")
        except (ConnectionError, aiohttp.ClientError):
            return None
        finally:
            ticking.cancel()
        return socket.close_code

    async def report(self, socket):
        self.covered, self.fresh, self.reported = self.received, 0, time.monotonic()
        await socket.ping(struct.pack("<Q", self.received))

    async def tick(self, socket):
        """Counts in time; closes a connection on which nothing comes."""
        self.reported = time.monotonic()
        try:
            while True:
                await asyncio.sleep(COUNT_SECONDS / 2)
                now = time.monotonic()
                if now - self.heard > self.heartbeat / 2:
                    return await socket.close(code=1001)
                if self.received > self.covered or now - self.reported >= self.heartbeat / 4 - COUNT_SECONDS:
                    await self.report(socket)
        except (ConnectionError, aiohttp.ClientError):
            pass


class Link:
    """The end that opens. `take`: of each message; `over`: called once with why the link has ended."""

    def __init__(self, http, url, query, heartbeat, patience, take, over):
        self.http, self.url, self.query, self.patience, self.take, self.over = http, url, query, patience, take, over
        self.incoming = Incoming(heartbeat)
        # Messages beyond the other end's count, each with what sends its whole again by another way.
        self.kept, self.acknowledged, self.sent, self.bytes = [], 0, 0, 0
        self.more, self.opened = asyncio.Event(), asyncio.get_running_loop().create_future()
        self.socket = None
        self.ended = False
        self.task = asyncio.create_task(self.run())

    def send(self, messages, again=None):
        if self.ended:
            return again and again()
        self.kept += [(message, again) for message in messages]
        self.more.set()

    def counted(self, count, first):
        if count < self.acknowledged or count > self.sent:
            raise Breach("a count of %d" % count)
        del self.kept[:count - self.acknowledged]
        self.acknowledged = count
        if not first.done():
            first.set_result(None)
        self.more.set()

    async def run(self):
        down, wait = time.monotonic(), 0.05
        while not self.ended:
            try:
                query = {**self.query, "have": str(self.incoming.received)}
                self.socket = await self.http.ws_connect(self.url, params=query, autoping=False, max_msg_size=4194560, timeout=aiohttp.ClientWSTimeout(ws_close=2))
            except aiohttp.WSServerHandshakeError as error:
                if error.status in (403, 404):
                    return self.end("gone")
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
                pass
            else:
                down, wait = time.monotonic(), 0.05
                code = await self.serve(self.socket)
                down = max(down, self.incoming.heard)
                if self.ended:
                    return
                if code not in SURVIVED:
                    return self.end("agreed" if code == 1000 else "gone")
            if time.monotonic() - down > self.patience:
                return self.end("down")
            await asyncio.sleep(wait)
            wait = min(1, 2 * wait)

    async def serve(self, socket):
        first = asyncio.get_running_loop().create_future()
        writing = asyncio.create_task(self.write(socket, first))
        try:
            return await self.incoming.read(socket, self.take, lambda count: self.counted(count, first))
        except (Breach, ValueError) as error:
            self.end("broke: %r" % error)
            await socket.close(code=1008)
        finally:
            writing.cancel()

    async def write(self, socket, first):
        await first
        number = self.acknowledged
        if not self.opened.done():
            self.opened.set_result(None)
        try:
            while True:
                while number - self.acknowledged < len(self.kept):
                    at = max(0, number - self.acknowledged)
                    if sum(len(message) for message, _ in self.kept[:at]) >= WINDOW:
                        break
                    message = self.kept[at][0]
                    number += 1
                    self.sent = max(self.sent, number)
                    await socket.send_bytes(message)
                self.more.clear()
                await self.more.wait()
        except (ConnectionError, aiohttp.ClientError):
            pass

    def end(self, why):
        if self.ended:
            return
        self.ended = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(why))
            self.opened.exception()
        self.over(why)
        # In order, each once.
        left = [again for _, again in self.kept]
        for at, again in enumerate(left):
            if again and again not in left[:at]:
                again()

    async def close(self, code=1000):
        self.ended = True
        if self.socket and not self.socket.closed:
            await self.socket.close(code=code)
        self.task.cancel()
