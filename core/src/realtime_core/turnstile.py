"""One at a time, first come, first served.

Like `asyncio.Lock`, but taking a free one is a plain call: audio goes through fifty times a second.
"""

import asyncio
from types import TracebackType

__all__ = ["Turnstile"]


class Turnstile:
    """Nobody overtakes: who leaves hands over to whoever has waited longest.

    ``async with turnstile:``, or, where every microsecond counts::

        if not turnstile.enter_nowait():
            await turnstile.enter()
        try:
            ...
        finally:
            turnstile.leave()
    """

    def __init__(self) -> None:
        self._held = False
        self._waiting: list[asyncio.Future[None]] = []

    def enter_nowait(self) -> bool:
        """Go through if it is free; whether that was so."""
        if self._held:
            return False
        self._held = True
        return True

    async def enter(self) -> None:
        """Go through when it is our turn. Cancelled, we are out of the queue."""
        if self.enter_nowait():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove(turn)
            else:
                self.leave()  # it was our turn just now
            raise

    def leave(self) -> None:
        """Let the next one through."""
        if self._waiting:
            self._waiting.pop(0).set_result(None)
        else:
            self._held = False

    async def __aenter__(self) -> None:
        await self.enter()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()
