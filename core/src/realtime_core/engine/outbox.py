"""What the engine itself sends: written by a task of its own, so that reading never waits for it.

In the order of the calls, after what the application sent before. Knows nothing of what the commands mean.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from realtime_core.commands import Command
from realtime_core.engine.sender import Sender
from realtime_core.errors import RealtimeError

__all__ = ["Outbox"]

Failed = Callable[[Command, RealtimeError], None]


class Outbox:
    """Commands that wait to be written.

    Args:
        sender: writes them.
        failed: told of what could not be written.
    """

    def __init__(self, sender: Sender, failed: Failed) -> None:
        self._sender = sender
        self._failed = failed
        self._waiting: deque[Command] = deque()
        self._wake = asyncio.Event()

    def put(self, command: Command) -> None:
        """Write it soon."""
        self._waiting.append(command)
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                command = self._waiting.popleft()
                try:
                    await self._sender.write(command)
                except RealtimeError as exc:
                    self._failed(command, exc)
