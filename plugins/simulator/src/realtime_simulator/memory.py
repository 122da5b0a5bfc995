"""The memory door: an in-process pipe to a simulated session. No port, no socket, no thread.

A pipe ends as a socket would: `ConnectionLost` with the reason and the code of the close.
"""

from typing import TYPE_CHECKING

from realtime_core.errors import ConnectionLost, LostReason
from realtime_openai_wire.refusals import closed_by_peer

from realtime_simulator.options import SimulatorOptions
from realtime_simulator.session_defaults import DEFAULT_MODEL, SessionKind

if TYPE_CHECKING:
    from realtime_simulator.link import Link

__all__ = ["MemoryPipe"]


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
        kind: SessionKind = "realtime",
    ) -> "MemoryPipe":
        """A new session, ``realtime`` or ``transcription``; the ``watch`` of the options gets to know it."""
        # the engine brings numpy, which loads with the first session
        from realtime_simulator.link import Link
        from realtime_simulator.opening import Opening

        options = options or SimulatorOptions()
        number = len(options.watch.sessions) + 1 if options.watch else 1
        return cls(Link(options, Opening(model or DEFAULT_MODEL, kind), watch=options.watch, number=number))

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
                self._lost = closed_by_peer("the simulator", end.code, end.reason)
            raise self._lost from None

    async def aclose(self) -> None:
        """End the session; a waiting `recv` raises. May be called twice. Never raises."""
        if self._lost is None:
            self._lost = ConnectionLost(
                "the simulated session was closed here", reason=LostReason.CLOSED, retryable=False
            )
        self._link.close()
