"""A second socket of a call: hears what the data channel hears, and says the same things.

It lives as long as the call, and is to a `WebSocket` what a session is. Knows nothing of sockets and peers.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from realtime_simulator.frames import End
from realtime_simulator.link import Ended

__all__ = ["Session", "SideBand"]

_MAX_CHARACTERS: Final = 32 * 1024 * 1024
_TOO_SLOW: Final = End(1008, "The client does not read what it is sent.")


class Session(Protocol):
    """What takes the frames of a client."""

    def feed(self, text: str | bytes) -> None:
        """Take a frame."""

    async def room(self) -> None:
        """Wait until there is room for another."""


class SideBand:
    """One such socket; ``leave`` is told when its client has gone. `put` what it is to hear."""

    def __init__(self, session: Session, leave: "Callable[[SideBand], object]") -> None:
        self._session = session
        self._leave = leave
        self._waiting: deque[str] = deque()
        self._characters = 0
        self._end: End | None = None
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()

    def put(self, text: str) -> None:
        """A frame of the server; too many that nobody takes are the end of it."""
        self._waiting.append(text)
        self._characters += len(text)
        if self._characters > _MAX_CHARACTERS:
            self._leave(self)
            self.end(_TOO_SLOW)
        self._wake.set()

    def finish(self, end: End) -> None:
        """The call is over: end after what waits."""
        self._end = self._end or end
        self._wake.set()

    # what a socket does with a session

    def feed(self, text: str | bytes) -> None:
        """Hand over a frame of the client."""
        self._session.feed(text)

    async def room(self) -> None:
        """Wait until the client may be heard again."""
        await self._session.room()

    async def next(self) -> str:
        """The next frame of the server; cancelling loses none.

        Raises:
            Ended: it has ended; again on every further call.
        """
        while not self._waiting:
            if self._end is not None:
                raise Ended(self._end)
            self._wake.clear()
            await self._wake.wait()
        text = self._waiting.popleft()
        self._characters -= len(text)
        return text

    async def overtaking(self) -> End:
        """The end that does not wait for what is being sent."""
        await self._ended.wait()
        assert self._end is not None  # it was set before
        return self._end

    def end(self, end: End) -> None:
        """End it now: what waits is never sent."""
        self._waiting.clear()
        self._characters = 0
        self._end = self._end or end
        self._wake.set()
        self._ended.set()

    def close(self) -> None:
        """Its client has gone. May be called twice."""
        self._leave(self)
        self.end(End(1000))
