"""One connection to the coordinator, from the challenge to its end."""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets

import aiohttp
import msgpack
import socketio

import peers
import shapes
from run import Run, Unsupported

QUESTIONS = ("assign", "introduce", "waits", "stop")


def proof(token, *texts):
    text = "\n".join(("gradswarm",) + texts)
    return base64.urlsafe_b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()


class Session:
    """`seat`: the one that this worker had, or None. `left`: set when the worker is asked to leave."""

    def __init__(self, url, token, process, seat, left):
        self.url, self.token, self.process, self.seat, self.left = url, token, process, seat, left
        self.joined, self.stopped = False, None
        self.run_ = self.frames = self.peers = None
        self.pump = []
        self.over = asyncio.get_running_loop().create_future()

    async def run(self):
        """How it ended: finished, failed, again, refused, broke, lost or left."""
        self.http = aiohttp.ClientSession()
        self.socket = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        leaving = asyncio.create_task(self.left.wait())
        try:
            await self.join()
            await asyncio.wait({self.over, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not self.over.done():
                await self.socket.emit("goodbye")
                await asyncio.sleep(0.05)
            return self.over.result() if self.over.done() else "left"
        except (aiohttp.ClientError, socketio.exceptions.SocketIOError, OSError, asyncio.TimeoutError) as error:
            print("no coordinator:", error, flush=True)
            return "lost"
        finally:
            leaving.cancel()
            await self.leave()
            await self.socket.disconnect()
            await self.http.close()

    async def join(self):
        async with self.http.get(self.url + "/challenge") as answer:
            challenge = (await answer.text()).strip()
        nonce = secrets.token_urlsafe(24)
        for name in shapes.EVENTS:
            self.socket.on(name, self.handler(name))
        self.socket.on("disconnect", lambda *_: self.end("lost"))
        query = "role=worker&challenge=%s&nonce=%s&proof=%s" % (challenge, nonce, proof(self.token, "joiner", "worker", challenge, nonce))
        await self.socket.connect(self.url + "?" + query, transports=["websocket"])
        hello = {"version": 2, "name": "python", "pid": os.getpid(), "process": self.process, "seat": self.seat}
        try:
            call = asyncio.create_task(self.socket.call("hello", msgpack.packb(hello), timeout=3600))
            await asyncio.wait({call, self.over}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                return call.cancel()
            answer = shapes.HELLO(msgpack.unpackb(call.result()))
        except ValueError as error:
            return self.end("broke", error)
        if not hmac.compare_digest(answer["proof"], proof(self.token, "coordinator", "worker", challenge, nonce)):
            return self.end("refused", "the coordinator does not know the token")
        self.joined = True
        if "refused" in answer:
            self.end("refused", answer["refused"])
        elif "over" in answer:
            self.end(answer["over"])
        elif "seat" in answer:
            self.seat = answer["seat"]

    def end(self, ending, why=""):
        if why:
            print(ending + ":", why, flush=True)
        if not self.over.done():
            self.over.set_result(self.stopped or ending)

    def handler(self, name):
        async def handle(*arguments):
            try:
                if len(arguments) != 1 or not isinstance(arguments[0], bytes):
                    raise ValueError("%s: expected one binary argument" % name)
                content = shapes.EVENTS[name](msgpack.unpackb(arguments[0]))
                answer = await getattr(self, "on_" + name)(content)
            except Unsupported as error:
                answer = {"error": {"code": "ERR_SCENARIO", "message": str(error)}}
            except Exception as error:
                if name not in QUESTIONS:
                    return self.end("broke", repr(error))
                answer = {"error": {"code": "ERR_PROTOCOL", "message": repr(error)}}
            return None if answer is None else msgpack.packb(answer)
        return handle

    async def emit(self, name, content):
        await self.socket.emit(name, msgpack.packb(content))

    async def leave(self):
        """Releases everything of an assignment."""
        run, frames, others = self.run_, self.frames, self.peers
        self.run_ = self.frames = self.peers = None
        for task in self.pump:
            task.cancel()
        self.pump = []
        if run:
            run.close()
        if others:
            await others.close()
        if frames:
            await frames.close()

    async def on_assign(self, assign):
        await self.leave()
        run = Run(assign, self.emit)
        self.frames = await self.http.ws_connect(self.url + "/frames", params={"token": assign["token"]}, max_msg_size=4194560)
        self.run_ = run
        if run.speaks_to_peers:
            self.peers = await peers.listen(self.http, run, self.frames)
        self.pump = [asyncio.create_task(self.read(run, self.frames)), asyncio.create_task(self.write(run, self.frames))]
        self.seat = int(assign["worker"].rpartition("-")[2])
        return {"device": "python", "deterministic": True, "parameterCount": run.dimension, "read": run.read(),
                "peer": self.peers.address if self.peers else None}

    async def read(self, run, frames):
        try:
            async for message in frames:
                if message.type != aiohttp.WSMsgType.BINARY:
                    raise ValueError("expected a binary message")
                run.receive(message.data)
        except ValueError as error:
            return self.end("broke", error)
        if frames is self.frames:
            self.end("lost")

    async def write(self, run, frames):
        while True:
            await frames.send_bytes(await run.queue.get())

    async def on_introduce(self, message):
        if not self.run_.speaks_to_peers:
            return {"unreachable": []}
        if not self.peers:
            return {"unreachable": [key["worker"] for key in message["keys"]]}
        return {"unreachable": await self.peers.introduced(message)}

    async def on_begin(self, message):
        self.run_.begin(message)

    async def on_abort(self, message):
        self.run_.abort(message)

    async def on_settle(self, message):
        self.run_.settle(message)

    async def on_collect(self, message):
        self.run_.collect(message)

    async def on_waits(self, _):
        run = self.run_
        waits = [port.waiting for i, port in run.ports.items() if not run.tasks[i].done()] if run else []
        return {"waits": [text for text in waits if text], "computing": None in waits}

    async def on_stop(self, message):
        # The coordinator closes the connection once it has the answer.
        self.stopped = message.get("over", "refused")
        asyncio.get_running_loop().call_later(0.2, self.end, self.stopped)
        return {}
