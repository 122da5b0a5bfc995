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
        if not self.enter_nowait():
            await self.arrive(self.reserve())

    def reserve(self) -> "asyncio.Future[None]":
        """Take a place in the queue now, to `arrive` at later, or to `give_up`."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.enter_nowait():
            place.set_result(None)
        else:
            self._waiting.append(place)
        return place

    async def arrive(self, place: "asyncio.Future[None]") -> None:
        """Go through when it is the turn of ``place``. Cancelled, we are out of the queue."""
        try:
            await place
        except asyncio.CancelledError:
            self.give_up(place)
            raise

    def give_up(self, place: "asyncio.Future[None]") -> None:
        """Nobody will come for ``place``."""
        if place in self._waiting:
            self._waiting.remove(place)
        elif not place.cancelled():
            self.leave()  # it was its turn just now

    def leave(self) -> None:
        """Let the next one through."""
        while self._waiting:
            place = self._waiting.pop(0)
            if not place.cancelled():
                place.set_result(None)
                return
        self._held = False

    async def __aenter__(self) -> None:
        await self.enter()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()
