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

import shapes
from assignment import Assignment
from run import Unsupported

QUESTIONS = ("assign", "introduce", "waits", "stop")


def proof(token, *texts):
    text = "\n".join(("gradswarm",) + texts)
    return base64.urlsafe_b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()


class Session:
    """`seat`: the one that this worker had, or None. `left`: set when the worker is asked to leave. `held`: what outlives it."""

    def __init__(self, url, token, process, seat, left, held):
        self.url, self.token, self.process, self.seat, self.left, self.held = url, token, process, seat, left, held
        self.joined, self.stopped = False, None
        self.over = asyncio.get_running_loop().create_future()
        if held.assignment:
            held.assignment.over = self.end

    async def run(self):
        """How it ended: finished, failed, again, refused, broke, lost or left."""
        self.http = self.held.http
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
            assignment = self.held.assignment
            if assignment and (self.over.done() and self.over.result() != "lost" or self.left.is_set() or assignment.is_over):
                await self.held.release()
            await self.socket.disconnect()

    async def join(self):
        async with self.http.get(self.url + "/challenge") as answer:
            challenge = (await answer.text()).strip()
        nonce = secrets.token_urlsafe(24)
        for name in shapes.EVENTS:
            self.socket.on(name, self.handler(name))
        self.socket.on("disconnect", lambda *_: self.end("lost"))
        query = "role=worker&challenge=%s&nonce=%s&proof=%s" % (challenge, nonce, proof(self.token, "joiner", "worker", challenge, nonce))
        await self.socket.connect(self.url + "?" + query, transports=["websocket"])
        hello = {"version": 2, "name": "python", "pid": os.getpid(), "process": self.process, "seat": self.seat,
                 "resumes": self.held.resumes()}
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

    async def on_assign(self, assign):
        held = self.held
        if not (held.assignment and held.assignment.token == assign["token"] and not held.assignment.is_over):
            await held.release()
            held.assignment = Assignment(self.http, self.url, assign, self.end)
        assignment = held.assignment
        try:
            ready = await asyncio.shield(assignment.ready)
        except (Unsupported, ConnectionError):
            await held.release()
            raise
        self.seat = int(assign["worker"].rpartition("-")[2])
        return ready

    async def on_introduce(self, message):
        return await self.held.assignment.introduced(message)

    async def on_begin(self, message):
        self.held.assignment.run_.begin(message)

    async def on_abort(self, message):
        self.held.assignment.run_.abort(message)

    async def on_settle(self, message):
        self.held.assignment.run_.settle(message)

    async def on_collect(self, message):
        self.held.assignment.run_.collect(message)

    async def on_waits(self, _):
        return self.held.assignment.waits() if self.held.assignment else {"waits": [], "computing": False}

    async def on_stop(self, message):
        # The coordinator closes the connection once it has the answer.
        self.stopped = message.get("over", "refused")
        asyncio.get_running_loop().call_later(0.2, self.end, self.stopped)
        return {}


class Held:
    """What this process has beside its control connection."""

    def __init__(self, http):
        self.http, self.assignment = http, None

    def resumes(self):
        return self.assignment.where if self.assignment and not self.assignment.is_over else None

    async def release(self):
        """Everything of an assignment."""
        assignment, self.assignment = self.assignment, None
        if assignment:
            await assignment.release()
