"""Commands that wait for their answer, and the exception that a refusal becomes.

Knows nothing of wires: the codec has matched answer and command, here somebody only waits.
"""

import asyncio

from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionLost,
    LostReason,
    ProviderError,
    RateLimited,
    RealtimeError,
)
from realtime_core.events import RealtimeErrorEvent, RealtimeEvent

__all__ = ["PendingCommands", "refusal"]


class PendingCommands:
    """One future for each command that somebody waits for."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[RealtimeEvent]] = {}

    def expect(self, command_id: str) -> asyncio.Future[RealtimeEvent]:
        """The answer to ``command_id``: call before sending, and ``forget`` when done."""
        future: asyncio.Future[RealtimeEvent] = asyncio.get_running_loop().create_future()
        self._waiting[command_id] = future
        return future

    def forget(self, command_id: str) -> None:
        """Nobody waits any more."""
        future = self._waiting.pop(command_id, None)
        if future is not None:
            future.cancel()

    def answer(self, event: RealtimeEvent) -> None:
        """Give ``event`` to whoever waits for it."""
        future = self._waiting.get(event.command_id) if event.command_id is not None else None
        if future is None or future.done():
            return
        if isinstance(event, RealtimeErrorEvent):
            future.set_exception(refusal(event))
        else:
            future.set_result(event)

    def fail(self, error: RealtimeError) -> None:
        """The session has ended: nothing will be answered."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(error)


def refusal(event: RealtimeErrorEvent) -> RealtimeError:
    """The exception that says what ``event`` says."""
    message = ": ".join(part for part in (event.code, event.message) if part) or "the service refused"
    match event.kind:
        case "auth":
            return AuthenticationFailed(message)
        case "rate_limited" | "quota":
            return RateLimited(message, code=event.code, retryable=event.kind == "rate_limited")
        case "expired":
            return ConnectionLost(message, reason=LostReason.EXPIRED)
        case _:
            return ProviderError(message, code=event.code, retryable=event.retryable)
