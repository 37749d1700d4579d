"""Numbered links as their opening end: one ordered stream of websocket messages, over one connection after the other."""

import asyncio
import traceback

import aiohttp

from counting import LARGEST_MESSAGE, Numbers
from refusals import Breach

# Close codes that end a connection and not its link.
CUTS = {1001, 1005, 1006, *range(1011, 1016)}


class OpenedLink(Numbers):
    """The end that opens the connections, again after each cut.

    `on_end(end)` is called once with how the link ended: a close code, a refusal's status, `breach` or `down`; not where `close` did it.
    """

    def __init__(self, session, url, heartbeat, accepts, on_packet, on_end, give_up=None):
        super().__init__(heartbeat, accepts, on_packet)
        self._session, self._url = session, url
        self._on_end = on_end
        self._give_up = give_up  # seconds without a connection after which the link is over; None: never
        self._ws = None
        self.first_count = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())

    async def _run(self):
        try:
            end = await self._connections()
        except Breach as breach:
            end = breach
        except Exception as error:  # what came made this worker stumble: it cannot go on with it
            traceback.print_exception(error)
            end = Breach(repr(error))
        self._ended(end)

    def _ended(self, end):
        if not self.first_count.done():
            self.first_count.set_result(False)
        self._on_end(end)

    async def _connections(self):
        loop = asyncio.get_running_loop()
        wait, up_at = 0.025, loop.time()
        while True:
            try:
                limit = aiohttp.ClientWSTimeout(ws_close=1)
                url = f"{self._url}&have={self.received}"
                self._ws = await asyncio.wait_for(
                    self._session.ws_connect(url, compress=0, autoping=False, max_msg_size=LARGEST_MESSAGE, timeout=limit), 10
                )
            except aiohttp.WSServerHandshakeError as error:
                if error.status in (403, 404):
                    return error.status
            except (OSError, asyncio.TimeoutError, aiohttp.ClientError):
                pass
            else:
                counted = []
                code = await self.serve(self._ws, True, lambda: counted.append(True) or self._up())
                if code not in CUTS:
                    return code
                if counted:
                    wait, up_at = 0.025, loop.time()
            if self._give_up is not None and loop.time() - up_at > self._give_up:
                return "down"
            await asyncio.sleep(wait)
            wait = min(1.0, 2 * wait)

    def _up(self):
        if not self.first_count.done():
            self.first_count.set_result(True)

    async def close(self, code):
        """Ends the link from this side."""
        self._on_end = lambda end: None
        self._task.cancel()
        if self._ws is not None:
            await self._ws.close(code=code)
