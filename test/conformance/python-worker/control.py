"""The control connection: socket.io 4 over one websocket, as far as the protocol uses it.

Every event and every answer carries one binary argument, msgpack, after a short text packet that announces it; `goodbye` alone has none.
The framing of Engine.IO and socket.io is short enough to be written here: a library would also reconnect, buffer and poll on its own.
"""

import asyncio
import json
import re

import aiohttp

import packing
from refusals import Breach

_LARGEST = 1 << 26
_LONGEST_TEXT = 1024
_PLACEHOLDER = {"_placeholder": True, "num": 0}
_PACKET = re.compile(r"(\d)(?:(\d+)-)?(?:/[^,]*,)?(\d*)(.*)", re.DOTALL)


class Control:
    """One connection. `on_event(name, content, answer)` is called for each event; `answer` is None where none is asked for."""

    def __init__(self, on_event):
        self._on_event = on_event
        self._ws = None
        self._sending = asyncio.Lock()
        self._questions = {}
        self._asked = 0
        self._announced = None
        self._silence = 60.0

    async def open(self, session, url, query):
        """Connects as socket.io does; raises aiohttp's errors, among them the status of a refusal."""
        self._ws = await session.ws_connect(
            f"{url}/socket.io/", params={"EIO": "4", "transport": "websocket", **query}, compress=0, max_msg_size=_LARGEST,
            timeout=aiohttp.ClientWSTimeout(ws_close=1),
        )
        settings = json.loads(self._text(await self._ws.receive(10), "0"))
        self._silence = (settings["pingInterval"] + settings["pingTimeout"]) / 1000
        await self._ws.send_str("40")
        self._text(await self._ws.receive(10), "40")

    def _text(self, message, start):
        if message.type != aiohttp.WSMsgType.TEXT or not message.data.startswith(start):
            raise Breach("not what socket.io begins with")
        return message.data[len(start) :]

    async def run(self):
        """Reads until the connection ends; raises Breach for what is not of the protocol."""
        while True:
            try:
                message = await self._ws.receive(self._silence)
            except asyncio.TimeoutError:
                return
            if message.type == aiohttp.WSMsgType.TEXT:
                if await self._packet(message.data):
                    return
            elif message.type == aiohttp.WSMsgType.BINARY:
                self._attachment(message.data)
            else:
                return

    async def _packet(self, text):
        """Takes a text packet; true where it ends the connection."""
        if text[:1] == "2":
            await self._ws.send_str("3" + text[1:])
        elif text[:1] == "4":
            return self._socket_packet(text[1:])
        return text[:1] == "1"

    def _socket_packet(self, text):
        parts = _PACKET.fullmatch(text)
        if self._announced or parts is None or len(text) > _LONGEST_TEXT:
            raise Breach("a packet that is not of socket.io")
        kind, attachments, number, rest = parts.groups()
        if kind == "1":
            return True
        if kind not in "56" or attachments != "1":
            raise Breach("a packet without its one binary argument")
        try:
            entries = json.loads(rest)
        except ValueError as error:
            raise Breach("a packet that is no JSON") from error
        if kind == "6" and entries == [_PLACEHOLDER] and number:
            self._announced = ("", int(number))
        elif kind == "5" and isinstance(entries, list) and len(entries) == 2 and isinstance(entries[0], str) and entries[1] == _PLACEHOLDER:
            self._announced = (entries[0], int(number) if number else None)
        else:
            raise Breach("a packet with other arguments than one")
        return False

    def _attachment(self, data):
        if self._announced is None:
            raise Breach("a binary message that was not announced")
        (event, number), self._announced = self._announced, None
        content = packing.unpack(data)
        if event:
            self._on_event(event, content, None if number is None else lambda answer: self._send(f"61-{number}", [_PLACEHOLDER], answer))
            return
        question = self._questions.pop(number, None)
        if question is None:
            raise Breach("an answer that was not asked for")
        if not question.done():
            question.set_result(content)

    async def ask(self, event, content):
        """Sends an event and waits for its answer."""
        number = self._asked
        self._asked += 1
        self._questions[number] = asyncio.get_running_loop().create_future()
        question = self._questions[number]
        await self._send(f"51-{number}", [event, _PLACEHOLDER], content)
        return await question

    async def say(self, event):
        """An event without an argument."""
        async with self._sending:
            await self._ws.send_str(f'42["{event}"]')

    async def _send(self, packet, entries, content):
        async with self._sending:  # the binary message has to follow its packet
            try:
                await self._ws.send_str(f"4{packet}{json.dumps(entries)}")
                await self._ws.send_bytes(packing.pack(content))
            except (ConnectionError, aiohttp.ClientError):
                pass  # the reader sees the end of the connection too

    async def close(self):
        if self._ws is not None:
            await self._ws.close()
