"""What both ends of a numbered link need: the count of what came, and what was sent until the other end's count has reached it."""

import asyncio
import struct
from collections import deque

import aiohttp

from frames import Assembler
from refusals import Breach

LARGEST_MESSAGE = 4194560
_UNACKNOWLEDGED = 16777216
_COUNT_BYTES = 4194304
_COUNT_SECONDS = 0.05  # a count is due 100 ms after a message; half of it leaves room for the way


class Numbers:
    """One end's numbers. `on_packet(packet)` takes what came; it and `accepts` raise Breach."""

    def __init__(self, heartbeat, accepts, on_packet):
        self.heartbeat = heartbeat
        self.received = 0
        self._on_packet = on_packet
        self._assembler = Assembler(accepts)
        self._kept = deque()  # messages whose numbers are above `_acknowledged`
        self._packets = deque()  # (number of its last message, packet)
        self._acknowledged = self._sent = self._streams = 0
        self._flight = 0
        self._uncounted = 0
        self._more = asyncio.Event()
        self._count_due = asyncio.Event()
        self._count_urgent = asyncio.Event()

    def send(self, packet):
        for message in packet.messages(self._next_stream):
            self._kept.append(message)
        self._packets.append((self._acknowledged + len(self._kept), packet))
        self._more.set()

    def _next_stream(self):
        self._streams = self._streams % 0xFFFFFFFF + 1
        return self._streams

    def unacknowledged(self):
        """The packets that the other end has not got in whole, as far as its counts show."""
        return [packet for _, packet in self._packets]

    def _take_count(self, count):
        if count < self._acknowledged or count > self._sent:
            raise Breach(f"a count of {count}, after {self._acknowledged} and with {self._sent} sent")
        while self._acknowledged < count:
            self._flight -= len(self._kept.popleft())
            self._acknowledged += 1
        while self._packets and self._packets[0][0] <= count:
            self._packets.popleft()
        self._more.set()

    async def serve(self, ws, opening, on_first_count=lambda: None):
        """One connection, until it ends: its close code, 1006 for one that broke. Raises Breach after closing with 1008."""
        self._uncounted = 0
        helpers = [asyncio.create_task(self._count(ws))]
        first = opening
        try:
            if not opening:
                await self._say_count(ws)
            while True:
                try:
                    message = await ws.receive(self.heartbeat / 2)
                except asyncio.TimeoutError:
                    await ws.close(code=1001)
                    return 1006
                if message.type == aiohttp.WSMsgType.BINARY:
                    self._take_message(message.data)
                elif message.type == aiohttp.WSMsgType.PING and len(message.data) == 8:
                    self._take_count(int.from_bytes(message.data, "little"))
                    if first:
                        first = False
                        on_first_count()
                        helpers.append(asyncio.create_task(self._pump(ws)))
                elif message.type == aiohttp.WSMsgType.PING:
                    await ws.pong(message.data)
                elif message.type == aiohttp.WSMsgType.TEXT:
                    raise Breach("a text message")
                elif message.type != aiohttp.WSMsgType.PONG:
                    return ws.close_code or 1005
        except Breach:
            await ws.close(code=1008)
            raise
        except (ConnectionError, aiohttp.ClientError):
            return 1006
        finally:
            for helper in helpers:
                helper.cancel()

    def _take_message(self, data):
        self.received += 1
        self._uncounted += len(data)
        self._count_due.set()
        if self._uncounted >= _COUNT_BYTES:
            self._count_urgent.set()
        self.take_uncounted(data)

    def take_uncounted(self, data):
        """A message of a connection that is not a numbered link's."""
        packet = self._assembler.take(data)
        if packet is not None:
            self._on_packet(packet)

    async def _count(self, ws):
        """Counts in time: soon after a message, at once after many bytes, and as a sign of life."""
        try:
            while True:
                try:
                    await asyncio.wait_for(self._count_due.wait(), self.heartbeat / 4)
                    await asyncio.wait_for(self._count_urgent.wait(), _COUNT_SECONDS)
                except asyncio.TimeoutError:
                    pass
                await self._say_count(ws)
        except (ConnectionError, aiohttp.ClientError):
            pass

    async def _say_count(self, ws):
        self._uncounted = 0
        self._count_due.clear()
        self._count_urgent.clear()
        await ws.ping(struct.pack("<Q", self.received))

    async def _pump(self, ws):
        """Sends what the other end has not got, then what is new, as far as it may be unacknowledged."""
        number = self._acknowledged + 1
        try:
            while True:
                number = max(number, self._acknowledged + 1)
                have = number - self._acknowledged <= len(self._kept)
                if not have or (number > self._sent and self._flight >= _UNACKNOWLEDGED):
                    self._more.clear()
                    await self._more.wait()
                    continue
                message = self._kept[number - self._acknowledged - 1]
                if number > self._sent:
                    self._sent = number
                    self._flight += len(message)
                number += 1
                await ws.send_bytes(message)
        except (ConnectionError, aiohttp.ClientError):
            pass
