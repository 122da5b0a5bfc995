"""What ``receive`` returns: a session's events, as an async generator gives them."""

import asyncio
from collections.abc import Callable
from typing import Final, Self

from realtime_core.engine.queue import EventQueue
from realtime_core.errors import RealtimeError
from realtime_core.events import RealtimeEvent

__all__ = ["EventStream"]

# A consumer that finds events waiting gives the loop a turn after so many: reading never waits for it.
_EVENTS_PER_TURN: Final = 8


class EventStream:
    """An async iterator over the events of one session; several streams of a session share its events.

    Cancelling or timing out ``__anext__`` loses nothing and ends nothing.
    """

    def __init__(
        self,
        queue: EventQueue,
        failure: Callable[[], RealtimeError | None],
        check_loop: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._failure = failure
        self._check_loop = check_loop
        self._closed = False
        self._in_a_row = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RealtimeEvent:
        """The next event.

        Raises:
            StopAsyncIteration: somebody here deleted the session, or closed this stream.
            SessionStateError: another task is waiting for an event of this session, or this is another
                event loop.
            RealtimeError: the session ended in another way; see ``RealtimeSession.receive``.
        """
        if self._closed:
            raise StopAsyncIteration
        if len(self._queue):
            self._in_a_row += 1
            if self._in_a_row >= _EVENTS_PER_TURN:
                self._in_a_row = 0
                await asyncio.sleep(0)
        else:
            self._check_loop()
        event = await self._queue.get()
        if event is not None:
            return event
        failure = self._failure()
        if failure is not None:
            raise failure
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End this stream, not the session."""
        self._closed = True
