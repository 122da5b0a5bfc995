"""The sessions of a simulated service, for a test to watch and to steer.

Knows nothing of engines and sockets.
"""

from typing import Any

from realtime_core.errors import InvalidOptions

from realtime_simulator.expected import Expected, Search
from realtime_simulator.watched import WITHIN_S, Bell, Steering, WatchedSession

__all__ = ["Watch", "as_watch"]


class Watch:
    """The sessions of a simulated service, for a test to watch and to steer.

    A server has one; a session in this process is given one: ``create_client("simulator", watch=Watch())``.
    """

    def __init__(self) -> None:
        self.sessions: list[WatchedSession] = []
        """All sessions, in the order of their beginning."""

        self._bell = Bell()

    def begin(self, model: str, steering: Steering) -> WatchedSession:
        """A session begins."""
        session = WatchedSession(model, steering, self._bell)
        self.sessions.append(session)
        self._bell.ring()
        return session

    def _newest(self) -> WatchedSession | None:
        """One that the server ended is over for a test too: it means the one after it."""
        if self.sessions and self.sessions[-1].ended_by != "server":
            return self.sessions[-1]
        return None

    async def session(self, *, within_s: float = WITHIN_S) -> WatchedSession:
        """The newest session that the server has not ended; waits for one to begin.

        Raises:
            AssertionError: none began in time.
        """
        __tracebackhide__ = True
        session: WatchedSession | None = await self._bell.until(self._newest, within_s)
        if session is None:
            raise AssertionError(self._nobody(within_s))
        return session

    async def expect(self, kind: str, /, *, within_s: float = WITHIN_S, **fields: Any) -> Any:
        """`WatchedSession.expect` on the newest session that the server has not ended, whenever it begins.

        Raises:
            AssertionError: the frame did not come; the message tells what came instead.
        """
        __tracebackhide__ = True
        wanted = Expected(kind, fields)
        searches: dict[WatchedSession, Search] = {}

        def happened() -> Any:
            session = self._newest()
            if session is None:
                return None
            return searches.setdefault(session, session.search(wanted))()

        frame = await self._bell.until(happened, within_s)
        if frame is None:
            session = self._newest()
            raise AssertionError(session.missed(wanted, within_s) if session else self._nobody(within_s))
        return frame

    def _nobody(self, within_s: float) -> str:
        none = f"no session began within {within_s:g} s"
        if self.sessions:
            return f"{none} after the server ended the last one: does the client connect again?"
        return f"{none}: is the client given this server, and any key?"


def as_watch(given: Any) -> Watch:
    """The value of the option.

    Raises:
        InvalidOptions: it is none.
    """
    if not isinstance(given, Watch):
        raise InvalidOptions("it is a Watch() of realtime_simulator")
    return given
