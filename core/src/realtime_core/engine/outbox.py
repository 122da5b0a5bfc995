"""What a task of the session's own writes: reading never waits for it, nobody's cancelling tears it apart.

Its place in the order of sends is taken at the call. Knows nothing of what the commands mean.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from realtime_core.commands import Command
from realtime_core.engine.outcome import Outcome
from realtime_core.errors import RealtimeError
from realtime_core.turnstile import Turnstile

__all__ = ["Outbox"]

Failed = Callable[[Command, RealtimeError, bool], None]
Spawn = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None] | None"]
Write = Callable[[Command], Awaitable[None]]


class Outbox:
    """Commands that wait to be written, from `open` on.

    Args:
        write: writes one, under ``order``.
        order: of all sends.
        failed: told of what could not be written, with all that was put behind it in the same call; and
            whether somebody waits, who is told by an exception.
        spawn: as `Lifecycle.spawn`; a task runs only while there is something to write.
        sent: told of what was written.
    """

    def __init__(
        self,
        write: Write,
        order: Turnstile,
        failed: Failed,
        spawn: Spawn,
        sent: Callable[[Command], None] = lambda _: None,
    ) -> None:
        self._write = write
        self._order = order
        self._failed = failed
        self._spawn = spawn
        self._sent = sent
        self._waiting: list[tuple[tuple[Command, ...], Outcome[bool]]] = []
        self._is_open = False
        self._writes = False
        self._closed: RealtimeError | None = None

    def open(self) -> None:
        """From now on commands can be written."""
        self._is_open = True
        self._begin()

    def put(self, *commands: Command) -> Outcome[bool]:
        """Write them soon, one right after the other; what came of that, which nobody needs to look at."""
        written: Outcome[bool] = Outcome()
        if self._closed is not None:
            written.fail(self._closed)
            return written
        self._waiting.append((commands, written))
        self._begin()
        return written

    def close(self, error: RealtimeError) -> None:
        """The session has ended: whoever waits is told so."""
        self._closed = error
        for _, written in self._waiting:
            written.fail(error)

    def _begin(self) -> None:
        if self._is_open and self._waiting and not self._writes:
            place = self._order.reserve()
            self._writes = self._spawn(self._write_all(place), "sending") is not None
            if not self._writes:
                self._order.give_up(place)

    async def _write_all(self, place: "asyncio.Future[None]") -> None:
        await self._order.arrive(place)
        try:
            while self._waiting and self._closed is None:
                # it waits until it is written: the session may end before
                await self._write_group(*self._waiting[0])
                self._waiting.pop(0)
        finally:
            self._writes = False
            self._order.leave()

    async def _write_group(self, commands: tuple[Command, ...], written: Outcome[bool]) -> None:
        for number, command in enumerate(commands):
            try:
                await self._write(command)
            except RealtimeError as exc:
                awaited = written.is_awaited
                written.fail(exc)
                for lost in commands[number:]:
                    self._failed(lost, exc, awaited)
                return
            self._sent(command)
        written.set(True)
