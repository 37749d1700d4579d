"""How a control connection begins: challenge, proofs of both ends, `hello`."""

import asyncio

import aiohttp

import proofs
from control import Control
from shapes import HELLO_ANSWER

_SECONDS = 10  # for each of its steps


class Handshake:
    """Used as a context: at its end the connection is closed. `reading` is the task that reads it."""

    def __init__(self, session, url, token):
        self._session, self._url, self._token = session, url, token
        self._control = self.reading = None
        self._expected = ""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        if self.reading is not None:
            self.reading.cancel()
        if self._control is not None:
            await self._control.close()

    async def connect(self, on_event):
        """The open connection. A challenge serves for one try; raises aiohttp's errors."""
        async with self._session.get(f"{self._url}/challenge", timeout=aiohttp.ClientTimeout(_SECONDS)) as response:
            response.raise_for_status()
            challenge = (await response.text()).strip()
        nonce = proofs.draw_nonce()
        proof = proofs.proof(self._token, "joiner", challenge, nonce)
        self._expected = proofs.proof(self._token, "coordinator", challenge, nonce)
        self._control = Control(on_event)
        query = {"role": "worker", "challenge": challenge, "nonce": nonce, "proof": proof}
        await asyncio.wait_for(self._control.open(self._session, self._url, query), _SECONDS)
        self.reading = asyncio.create_task(self._control.run())
        return self._control

    async def ask_hello(self, hello):
        """The answer to `hello`, or None where it does not show that the coordinator knows the token."""
        asking = asyncio.create_task(self._control.ask("hello", hello))
        await asyncio.wait([asking, self.reading], timeout=_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            asking.cancel()
            if self.reading.done():
                await self.reading  # a breach is raised as one
            raise ConnectionError("no answer to hello")
        answer = asking.result()
        proof = answer.get("proof") if isinstance(answer, dict) else None
        if not isinstance(proof, str) or not proofs.same(proof, self._expected):
            return None
        return HELLO_ANSWER(answer)
