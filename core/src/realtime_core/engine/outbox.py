"""What the engine itself sends: written by a task of its own, so that reading never waits for it.

In the order of the calls, after what the application sent before. Knows nothing of what the commands mean.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from realtime_core.commands import Command
from realtime_core.engine.sender import Sender
from realtime_core.errors import RealtimeError

__all__ = ["Outbox"]

Failed = Callable[[Command, RealtimeError], None]
Spawn = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None] | None"]


class Outbox:
    """Commands that wait to be written, from `open` on.

    Args:
        sender: writes them.
        failed: told of what could not be written.
        spawn: as `Lifecycle.spawn`; a task runs only while there is something to write.
    """

    def __init__(self, sender: Sender, failed: Failed, spawn: Spawn) -> None:
        self._sender = sender
        self._failed = failed
        self._spawn = spawn
        self._waiting: list[Command] = []
        self._is_open = False
        self._writes = False

    def open(self) -> None:
        """From now on commands can be written."""
        self._is_open = True
        self._begin()

    def put(self, command: Command) -> None:
        """Write it soon."""
        self._waiting.append(command)
        self._begin()

    def _begin(self) -> None:
        if self._is_open and self._waiting and not self._writes:
            self._writes = self._spawn(self._write(), "sending") is not None

    async def _write(self) -> None:
        while self._waiting:
            command = self._waiting.pop(0)
            try:
                await self._sender.write(command)
            except RealtimeError as exc:
                self._failed(command, exc)
        self._writes = False
