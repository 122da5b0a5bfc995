"""The memory door: an in-process pipe to a simulated session. No port, no socket, no thread.

A pipe ends as a socket would: `ConnectionLost` with the reason and the code of the close.
"""

from typing import TYPE_CHECKING, Final

from realtime_core.errors import ConnectionLost, LostReason

from realtime_simulator.frames import EXPIRED
from realtime_simulator.options import SimulatorOptions

if TYPE_CHECKING:
    from realtime_simulator.link import Link, SessionLog

__all__ = ["MemoryPipe", "lost"]


class MemoryPipe:
    """A session with a simulated server, made by `open`."""

    def __init__(self, link: "Link") -> None:
        self._link = link
        self._lost: ConnectionLost | None = None

    @classmethod
    def open(
        cls,
        options: SimulatorOptions | None = None,
        *,
        model: str | None = None,
        log: "SessionLog | None" = None,
    ) -> "MemoryPipe":
        """A new session; ``log`` gets its frames.

        Raises:
            InvalidOptions: the script cannot be read.
        """
        # the engine brings numpy, which loads with the first session
        from realtime_simulator.engine import DEFAULT_MODEL
        from realtime_simulator.link import Link

        return cls(Link(options or SimulatorOptions(), model=model or DEFAULT_MODEL, log=log))

    async def send(self, text: str) -> None:
        """Send a frame.

        Raises:
            ConnectionLost: the session has ended.
        """
        if self._lost is not None:
            raise self._lost
        self._link.feed(text)

    async def recv(self) -> str:
        """The next frame; cancelling loses none. One task at a time.

        Raises:
            ConnectionLost: the session has ended; again on every further call.
        """
        if self._lost is not None:
            raise self._lost
        # as above
        from realtime_simulator.link import Ended

        try:
            return await self._link.next()
        except Ended as end:
            if self._lost is None:
                self._lost = lost(end.code, end.reason)
            raise self._lost from None

    async def aclose(self) -> None:
        """End the session; a waiting `recv` raises. May be called twice. Never raises."""
        if self._lost is None:
            self._lost = ConnectionLost(
                "the simulated session was closed here", reason=LostReason.CLOSED, retryable=False
            )
        self._link.close()


_REASONS: Final[dict[int | None, LostReason]] = {
    None: LostReason.DROPPED,
    1000: LostReason.CLOSED,
    1001: LostReason.GOING_AWAY,
    1002: LostReason.PROTOCOL,
    1003: LostReason.PROTOCOL,
    1007: LostReason.PROTOCOL,
    1008: LostReason.POLICY,
    1009: LostReason.FRAME_TOO_BIG,
    1011: LostReason.SERVER_ERROR,
    1012: LostReason.GOING_AWAY,
    1013: LostReason.GOING_AWAY,
}
_FINAL: Final = {LostReason.POLICY, LostReason.REJECTED, LostReason.PROTOCOL, LostReason.FRAME_TOO_BIG}
"""A new session would end the same way."""


def lost(code: int | None, reason: str) -> ConnectionLost:
    """The error for a session that the server closed with ``code``, or, if None, hung up."""
    if reason == EXPIRED:
        why = LostReason.EXPIRED
    elif code is not None and code >= 4000:
        why = LostReason.REJECTED
    else:
        why = _REASONS.get(code, LostReason.POLICY)
    how = "hung up" if code is None else f"closed the session with code {code}"
    message = f"the simulator {how}{f': {reason}' if reason else ''}"
    return ConnectionLost(message, reason=why, code=code, retryable=why not in _FINAL)
