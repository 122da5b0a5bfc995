"""The sessions of a simulated service, for a test to watch and to steer.

Knows nothing of engines and sockets.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from realtime_core.errors import InvalidOptions

from realtime_simulator.expected import Expected, Search
from realtime_simulator.kinds import check_kind
from realtime_simulator.reception import Reception
from realtime_simulator.watched import WITHIN_S, Bell, Steering, WatchedSession

__all__ = ["Watch", "as_watch"]

_HUNG_UP_S: Final = 1.0
"""How long an application that has hung up may take to fail, where a test has failed first."""


class Watch:
    """The sessions of a simulated service, for a test to watch and to steer.

    A server has one; a session in this process is given one: ``create_client("simulator", watch=Watch())``.
    """

    def __init__(self) -> None:
        self.sessions: list[WatchedSession] = []
        """All sessions, in the order of their beginning."""

        self.reception = Reception()
        """How those are met who come next."""

        self._bell = Bell()

    def begin(self, model: str, steering: Steering) -> WatchedSession:
        """A session begins."""
        session = self._watched(model, steering, self._bell)
        self.sessions.append(session)
        self._bell.ring()
        return session

    def _watched(self, model: str, steering: Steering, bell: Bell) -> WatchedSession:
        return WatchedSession(model, steering, bell, number=len(self.sessions) + 1)

    def _newest(self) -> WatchedSession | None:
        """One that has ended is over for a test too: it means the one after it."""
        return self.sessions[-1] if self.sessions and self.sessions[-1].is_going else None

    async def session(self, *, within_s: float = WITHIN_S) -> WatchedSession:
        """The newest session, which has not ended and is not about to expire; waits for one to begin.

        Raises:
            AssertionError: none began in time.
        """
        __tracebackhide__ = True
        session: WatchedSession | None = await self._bell.until(self._newest, within_s)
        if session is None:
            raise AssertionError(self._nobody(within_s))
        return session

    async def expect(self, kind: str, /, *, within_s: float = WITHIN_S, **fields: Any) -> Any:
        """`WatchedSession.expect` on the newest session that goes on, whenever it begins.

        Raises:
            AssertionError: the frame did not come; the message tells what came instead.
            ValueError: no client sends an event of that type.
        """
        __tracebackhide__ = True
        check_kind(kind, sent=False)
        wanted = Expected(kind, fields)
        over = [session for session in self.sessions if not session.is_going]
        searches: dict[WatchedSession, Search] = {}

        def happened() -> Any:
            for session in reversed(self.sessions):
                if session in over:
                    continue
                frame = searches.setdefault(session, session.search(wanted))()
                # what a client sent last counts although it has gone since
                if frame is not None or session.is_going:
                    return frame
            return None

        frame = await self._bell.until(happened, within_s)
        if frame is None:
            session = self._newest()
            raise AssertionError(session.missed(wanted, within_s) if session else self._nobody(within_s))
        return frame

    @asynccontextmanager
    async def running(self, application: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
        """Run an application for the length of an ``async with`` block, which gets its task.

        If the application raises, whoever waits for a frame or a session waits no longer, and the block
        raises the same; if the block has raised, too, from that. At its end an application that goes on is
        cancelled.

        Args:
            application: what to run, such as ``assist()``.
        """
        task = asyncio.ensure_future(application)
        task.add_done_callback(self._application_ended)
        failure: BaseException | None = None
        try:
            yield task
        except asyncio.CancelledError:
            raise  # somebody has ended the test
        except BaseException as raised:
            if self._hung_up:
                await asyncio.wait([task], timeout=_HUNG_UP_S)
            failure = await _ended(task)
            if failure is not None:
                raise failure from raised
            raise
        else:
            failure = await _ended(task)
            if failure is not None:
                raise failure
        finally:
            await _ended(task)
            if failure in self._bell.failures:
                self._bell.failures.remove(failure)

    def _application_ended(self, task: asyncio.Task[Any]) -> None:
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._bell.failures.append(failure)
            self._bell.ring()

    @property
    def _hung_up(self) -> bool:
        """Whether the client has ended the last session, as one that fails does first of all."""
        return bool(self.sessions) and self.sessions[-1].ended_by == "client"

    def _nobody(self, within_s: float) -> str:
        none = f"no session began {self._bell.waited(within_s)}"
        if self.sessions:
            last = self.sessions[-1]
            return (
                f"{none} after the {last.ended_by or 'server'} ended session {last.number}: does the client "
                f"connect again? What it sent before is in server.sessions[{last.number - 1}]"
            )
        return f"{none}: is the client given this server, and any key?"


def as_watch(given: Any) -> Watch:
    """The value of the option.

    Raises:
        InvalidOptions: it is none.
    """
    if not isinstance(given, Watch):
        raise InvalidOptions("it is a Watch() of realtime_simulator")
    return given


async def _ended(task: asyncio.Task[Any]) -> BaseException | None:
    """Cancel a task, and wait for its end; what it raised."""
    task.cancel()
    await asyncio.wait([task])
    return None if task.cancelled() else task.exception()
