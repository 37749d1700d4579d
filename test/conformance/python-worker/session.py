"""A worker's way through a run: it joins, keeps one assignment, comes back after cuts, and ends when the run does."""

import asyncio
import os
import secrets
import signal
import sys
import traceback

import aiohttp

from assignment import Assignment
from background import start
from handshake import Handshake
from refusals import Breach, Refusal
from shapes import EVENTS

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_PATIENCE = 3600.0  # seconds without a coordinator after which the worker gives up
_REFUSALS = 5  # challenges refused in a row after which the token is taken for wrong


class Leave(Exception):
    """The worker ends, with this exit status."""

    def __init__(self, status, why=None):
        super().__init__(why)
        self.status = status


class Session:
    def __init__(self, url, token):
        scheme, _, rest = url.rstrip("/").partition("://")
        self._url = {"ws": "http", "wss": "https"}.get(scheme, scheme) + "://" + rest
        self._token = token.strip()
        self._process = secrets.token_urlsafe(12)
        self._seat = None
        self._assignment = None
        self._answers = {}  # token of an assignment: the task that prepares its answer
        self._wait = _FIRST_WAIT
        self._refused = 0
        self._control = None
        self._end = None

    async def run(self):
        """Until the run is over; gives the exit status."""
        self._end = asyncio.get_running_loop().create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, lambda: self._leave(Leave(0, "goodbye")))
        async with aiohttp.ClientSession() as self._session:
            joining = asyncio.create_task(self._join_again_and_again())
            await asyncio.wait([joining, self._end], return_when=asyncio.FIRST_COMPLETED)
            leave = self._end.result() if self._end.done() else Leave(1, repr(joining.exception()))
            await self._close(leave, joining)
        if leave.status:
            print(f"worker: {leave}", file=sys.stderr)
        return leave.status

    def _leave(self, leave):
        if not self._end.done():
            self._end.set_result(leave)

    async def _close(self, leave, joining):
        if str(leave) == "goodbye" and self._control is not None:
            try:
                await asyncio.wait_for(self._control.say("goodbye"), 1)
            except (OSError, aiohttp.ClientError, asyncio.TimeoutError):
                pass
        joining.cancel()
        if self._assignment is not None:
            await self._assignment.release(1008 if isinstance(leave.__cause__, Breach) else 1000)
        if self._control is not None:
            await self._control.close()

    # What an assignment reports.

    def is_working(self):
        """A round began: the next wait is a short one again."""
        self._wait = _FIRST_WAIT

    def lost(self, assignment):
        """The frame link is over: the worker joins again."""
        if self._drop(assignment) and self._control is not None:
            start(self._control.close())

    def over(self, assignment):
        """The epoch is over: the next assignment will come."""
        self._drop(assignment)

    def _drop(self, assignment):
        if assignment is not self._assignment:
            return False
        self._assignment = None
        start(assignment.release(1001))
        return True

    def broken(self, breach):
        leave = Leave(1, f"the coordinator broke the protocol: {breach}")
        leave.__cause__ = breach
        self._leave(leave)

    def stopped(self, content):
        if content.get("over") == "again":
            if self._assignment is not None:
                self.lost(self._assignment)
            elif self._control is not None:
                start(self._control.close())
        else:
            finished = content.get("over") == "finished"
            self._leave(Leave(0 if finished else 1, f"the run ended: {content.get('over') or content.get('refused')}"))

    # Joining.

    async def _join_again_and_again(self):
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while True:
            try:
                await self._take_part()
                heard = loop.time()
            except Breach as breach:
                self.broken(breach)
                return
            except Leave as leave:
                self._leave(leave)
                return
            except aiohttp.WSServerHandshakeError as error:
                self._refused = self._refused + 1 if error.status == 403 else 0
                if self._refused >= _REFUSALS:
                    self._leave(Leave(1, "refused: is the token right?"))
                    return
            except (OSError, aiohttp.ClientError, asyncio.TimeoutError):
                pass
            if loop.time() - heard > _PATIENCE:
                self._leave(Leave(75, "no coordinator"))
                return
            await asyncio.sleep(self._wait)
            self._wait = min(_LONGEST_WAIT, 2 * self._wait)

    async def _take_part(self):
        """One control connection, until it ends."""
        async with Handshake(self._session, self._url, self._token) as handshake:
            self._control = await handshake.connect(self._on_event)
            self._refused = 0
            held = self._assignment
            hello = {
                "version": 2, "name": f"python-{os.getpid()}", "pid": os.getpid(), "process": self._process, "seat": self._seat,
                "resumes": None if held is None else {"epoch": held.epoch, "generation": held.generation},
            }
            answer = await handshake.ask_hello(hello)
            if answer is None:
                raise Leave(1, "the coordinator does not know the token")
            if "refused" in answer:
                raise Leave(1, f"refused: {answer['refused']}")
            if "over" in answer:
                self.stopped(answer)
                return
            if held is not None and answer.get("seat") != self._seat:
                self._drop(held)
            self._seat = answer.get("seat", self._seat)
            await handshake.reading

    # Events of the control connection.

    def _on_event(self, event, content, answer):
        if event not in EVENTS or (answer is None) != (event not in ("assign", "introduce", "waits", "stop")):
            raise Breach(f"an event {event}")
        content = EVENTS[event](content)
        if event == "assign":
            start(self._assign(content, answer))
        elif event == "stop":
            start(self._answer_stop(content, answer))
        elif self._assignment is None:
            if answer is not None:
                start(answer({"error": {"code": "ERR_PROTOCOL", "message": "there is no assignment"}}))
        elif event == "introduce":
            start(self._introduce(self._assignment, content, answer))
        elif event == "waits":
            start(answer(self._assignment.rounds.waits()))
        else:
            self._assignment.event(event, content)

    async def _answer_stop(self, content, answer):
        await answer({})
        self.stopped(content)

    async def _introduce(self, assignment, content, answer):
        await answer(await assignment.peers.introduce(content))

    async def _assign(self, content, answer):
        held = self._assignment
        if held is None or held.content["token"] != content["token"]:
            self._assignment = Assignment(content, self, self._session, self._url)
            self._answers = {content["token"]: start(self._prepared(held, self._assignment))}
        # Asked again, after a cut, the same task gives the same answer.
        result = await asyncio.shield(self._answers[content["token"]])
        await answer(result)
        if "error" in result:
            self._leave(Leave(1, result["error"]["message"]))

    async def _prepared(self, held, assignment):
        if held is not None:
            await held.release(1001)
        try:
            return await assignment.prepare()
        except Refusal as refusal:
            return {"error": {"code": refusal.code, "message": str(refusal)[:1000]}}
        except asyncio.TimeoutError:
            return {"error": {"code": "ERR_PROTOCOL", "message": "no frame socket"}}
        except Exception as error:  # settings of a shape that nobody has thought of
            traceback.print_exception(error)
            return {"error": {"code": "ERR_SCENARIO", "message": repr(error)[:1000]}}
