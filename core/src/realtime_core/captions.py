"""Captions: the whole text of each turn as it is known now, revised in place, for any number of readers.

Knows nothing of sessions or wires. Publishing never waits, and costs nothing while nobody reads.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Self
from weakref import WeakSet

import attrs

from realtime_core.contents import Role, hidden
from realtime_core.errors import SessionStateError

__all__ = ["Caption", "CaptionBoard", "Captions"]

_MOST_WAITING: Final = 64


@attrs.frozen(kw_only=True)
class Caption:
    """What one turn says, as far as it is known: a later caption with the same ``key`` takes its place.

    Attributes:
        key: names the turn, always the same.
        role: who speaks.
        text: all of its words so far; of an interrupted turn what was heard of them, by estimate. Empty
            before the first word; if it is empty and ``final``, there is nothing to show, or not any more.
        final: nothing more of it is expected.
        interrupted: the assistant was cut short.
        item_id: the service's id of the turn, once it is known.
    """

    key: str
    role: Role
    text: str = attrs.field(repr=hidden)
    final: bool = False
    interrupted: bool = False
    item_id: str | None = None


class CaptionBoard:
    """Where captions are published, and read by any number of readers."""

    def __init__(self, current: Callable[[], Iterable[Caption]]) -> None:
        """``current`` gives the turns so far, in order: what a new reader begins with."""
        self._current = current
        # a reader that nobody holds any more is gone, closed or not
        self._readers: WeakSet[Captions] = WeakSet()
        self._ended = False

    @property
    def is_read(self) -> bool:
        """Whether there is any reader."""
        return bool(self._readers)

    def publish(self, caption: Caption) -> None:
        """Give ``caption`` to every reader."""
        for reader in self._readers:
            reader.put(caption)

    def end(self) -> None:
        """Nothing more will be published: readers get what waits for them, then their end."""
        self._ended = True
        for reader in self._readers:
            reader.end()

    def take(self, reader: "Captions") -> None:
        """Publish to ``reader`` from now on."""
        reader.on_close = self._readers.discard
        self._readers.add(reader)

    def hand_over(self, board: "CaptionBoard") -> None:
        """Let another board publish to all readers."""
        for reader in list(self._readers):
            board.take(reader)

    def subscribe(self) -> "Captions":
        """A new reader, which begins with the turns so far, the latest of them if there are many."""
        reader = Captions(self._readers.discard)
        for caption in self._current():
            reader.put(caption)
        reader.skipped_turns = 0  # of what was said before it came, nothing was missed
        if self._ended:
            reader.end()
        else:
            self.take(reader)
        return reader


class Captions:
    """An async iterator over captions, for one task.

    A reader that is slow gets the latest caption of each turn only. At most 64 turns wait; beyond that the
    oldest leaves, one that is not final if there is any, and ``skipped_turns`` counts it: the session's
    ``conversation`` has it all the same. Cancelling ``__anext__`` loses nothing. The iteration ends when the
    session does, in whichever way; what went wrong is told by ``receive``.
    """

    def __init__(self, on_close: Callable[["Captions"], object]) -> None:
        self.skipped_turns = 0
        """Turns that left before they were read."""
        self.on_close = on_close
        self._waiting: dict[str, Caption] = {}
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False

    def put(self, caption: Caption) -> None:
        """Let ``caption`` wait, in the place of an earlier one of its turn."""
        self._waiting[caption.key] = caption
        if len(self._waiting) > _MOST_WAITING:
            unfinished = (key for key, waiting in self._waiting.items() if not waiting.final)
            del self._waiting[next(unfinished, next(iter(self._waiting)))]
            self.skipped_turns += 1
        self._wake()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Caption:
        """The next caption.

        Raises:
            StopAsyncIteration: the session has ended, or this reader was closed.
            SessionStateError: another task is waiting for a caption of this reader.
        """
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            if self._waiter is not None:
                raise SessionStateError(
                    "another task is already waiting for these captions; call session.captions() for each"
                )
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._waiting.pop(next(iter(self._waiting)))

    async def aclose(self) -> None:
        """End this reader, not the session."""
        self.on_close(self)
        self._waiting.clear()
        self.end()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
