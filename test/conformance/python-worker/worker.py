"""A worker in Python, written from docs/protocol*.md alone.

Usage: worker.py URL    the run's token in GRADSWARM_TOKEN. Ends with 0 when the run is over.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import pathlib
import secrets
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "vectors"))

import aiohttp
import msgpack
import socketio

from run import Run, Unsupported

PROCESS = secrets.token_hex(16)


def proof(token, *texts):
    text = "\n".join(("gradswarm",) + texts)
    return base64.urlsafe_b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()


class Worker:
    def __init__(self, url, token):
        self.url, self.token = url, token
        self.run = self.frames = self.pump = self.ending = None
        self.over = asyncio.get_running_loop().create_future()

    async def join(self):
        self.http = aiohttp.ClientSession()
        async with self.http.get(self.url + "/challenge") as answer:
            challenge = (await answer.text()).strip()
        nonce = secrets.token_urlsafe(24)
        self.socket = socketio.AsyncClient(reconnection=False)
        for name in ("assign", "introduce", "begin", "abort", "settle", "collect", "waits", "stop"):
            self.socket.on(name, self.handler(getattr(self, "on_" + name)))
        self.socket.on("refused", self.handler(self.on_stop))
        self.socket.on("disconnect", lambda *_: self.end("disconnected"))
        query = "role=worker&challenge=%s&nonce=%s&proof=%s" % (challenge, nonce, proof(self.token, "joiner", "worker", challenge, nonce))
        await self.socket.connect(self.url + "?" + query, transports=["websocket"])
        hello = {"version": 2, "name": "python", "pid": os.getpid(), "process": PROCESS, "seat": None}
        answer = msgpack.unpackb(await self.socket.call("hello", msgpack.packb(hello)))
        if answer.get("proof") != proof(self.token, "coordinator", "worker", challenge, nonce):
            raise SystemExit("the coordinator does not know the token")
        if "refused" in answer or "over" in answer:
            self.end(answer.get("over") or answer)
        ending = await self.over
        await self.leave()
        await self.socket.disconnect()
        await self.http.close()
        print("over:", ending, flush=True)
        return 0 if ending == "finished" else 1

    def end(self, ending):
        if not self.over.done():
            self.over.set_result(self.ending or ending)

    def handler(self, act):
        async def handle(data):
            try:
                answer = await act(msgpack.unpackb(data))
            except Unsupported as error:
                answer = {"error": {"code": "ERR_SCENARIO", "message": str(error)}}
            return None if answer is None else msgpack.packb(answer)
        return handle

    async def emit(self, name, content):
        await self.socket.emit(name, msgpack.packb(content))

    async def leave(self):
        if self.run:
            self.run.close()
        for task in self.pump or []:
            task.cancel()
        if self.frames:
            await self.frames.close()
        self.run = self.pump = self.frames = None

    async def on_assign(self, assign):
        await self.leave()
        run = Run(assign, self.emit)
        self.frames = await self.http.ws_connect(self.url + "/frames", params={"token": assign["token"]}, max_msg_size=0)
        self.run, self.pump = run, [asyncio.create_task(self.read(run)), asyncio.create_task(self.write(run, self.frames))]
        return {"device": "python", "deterministic": True, "parameterCount": run.dimension, "read": run.read(), "peer": None}

    async def read(self, run):
        async for message in self.frames:
            run.receive(message.data)

    async def write(self, run, frames):
        while True:
            await frames.send_bytes(await run.queue.get())

    async def on_introduce(self, message):
        return {"unreachable": [key["worker"] for key in message["keys"]]}

    async def on_begin(self, message):
        self.run.begin(message)

    async def on_abort(self, message):
        self.run.abort(message)

    async def on_settle(self, message):
        self.run.settle(message)

    async def on_collect(self, message):
        self.run.collect(message)

    async def on_waits(self, _):
        waits = [port.waiting for i, port in self.run.ports.items() if not self.run.tasks[i].done()] if self.run else []
        return {"waits": [text for text in waits if text], "computing": None in waits}

    async def on_stop(self, message):
        self.ending = message.get("over") or message
        asyncio.get_running_loop().call_later(1, self.end, self.ending)
        return {}


async def main():
    return await Worker(sys.argv[1].replace("ws", "http", 1), os.environ["GRADSWARM_TOKEN"].strip()).join()


sys.exit(asyncio.run(main()))
