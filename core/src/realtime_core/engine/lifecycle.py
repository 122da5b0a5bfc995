"""The life of one session's connection: opened once, read until its end, always taken down.

Owns the root task, the state and the reason of the end. Knows nothing of what events mean: it hands each to
``take``. One root task owns a task group; no user task is its parent, and nothing of it outlives it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final

import attrs

from realtime_core.clock import Clock, timeout
from realtime_core.commands import Command
from realtime_core.errors import (
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    ProtocolError,
    RealtimeError,
    SessionStateError,
)
from realtime_core.events import RealtimeEvent
from realtime_core.provider import Connection
from realtime_core.state import SessionState, Trigger, next_state

__all__ = ["DELETED", "End", "Hooks", "Lifecycle"]

_log = logging.getLogger("realtime_core")

# Many enough to cost nothing, few enough that nobody waits long.
_FRAMES_PER_TURN: Final = 64

# The event loop holds its tasks weakly; a session nobody refers to must still end in order.
_roots: Final[set[asyncio.Task[None]]] = set()


@attrs.frozen
class End:
    """How a session ended: ``failure`` is None if somebody here asked for it."""

    reason: str
    failure: RealtimeError | None = None

    @classmethod
    def by(cls, failure: RealtimeError) -> "End":
        """The end that ``failure`` makes."""
        if isinstance(failure, ConnectionFailed | ConnectionLost):
            return cls(str(failure.reason), failure)
        return cls(type(failure).__name__, failure)


DELETED: Final = End("deleted")
"""The end that ``delete_session`` asks for."""


@attrs.frozen(kw_only=True)
class Hooks:
    """What the session does at the turning points of its life."""

    connect: Callable[[], Awaitable[Connection]]
    """Make the connection."""
    take: Callable[[RealtimeEvent], None]
    """An event has arrived."""
    prepare: Callable[[Connection], Awaitable[None]]
    """The configuration is in force; do what else belongs to opening."""
    serve: Callable[[], Coroutine[Any, Any, None]]
    """Runs application code beside reading, until cancelled."""
    finish: Callable[[End], None]
    """The connection is gone, and nothing will arrive any more."""


class Lifecycle:
    """The engine room of one session.

    Args:
        hooks: what the session does at each turn.
        name: the provider's name, for messages.
        clock: times opening and closing.
        open_timeout_s: bounds opening as a whole.
        close_timeout_s: bounds the wait for a connection or a callback that does not let go.
    """

    def __init__(
        self, hooks: Hooks, *, name: str, clock: Clock, open_timeout_s: float, close_timeout_s: float
    ) -> None:
        self.state = SessionState.NEW
        self.end: End | None = None
        self._hooks = hooks
        self._name = name
        self._clock = clock
        self._open_timeout_s = open_timeout_s
        self._close_timeout_s = close_timeout_s
        self._waiting_for = "the connection"
        self._created = False
        self._configured = False
        self._connection: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: asyncio.Future[None] | None = None
        self._root: asyncio.Task[None] | None = None
        self._serving: asyncio.Task[None] | None = None
        self._ended_by_itself = False
        self._abandoned = False
        self._stop = asyncio.Event()
        self._down = asyncio.Event()

    # -- asked from outside ----------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, configure, prepare. If that fails, or is cancelled, nothing is left behind.

        Raises:
            SessionStateError: it was opened before, or deleted meanwhile.
            RealtimeError: whatever stood in the way.
        """
        self._advance(Trigger.OPEN)
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._root = self._loop.create_task(self._run(), name=f"realtime session ({self._name})")
        _roots.add(self._root)
        self._root.add_done_callback(_roots.discard)
        try:
            await asyncio.shield(self._opened)
        except asyncio.CancelledError:
            self._opened.cancel()
            self.request(DELETED)
            await self.wait_closed()
            raise

    async def close(self) -> None:
        """End it as asked for, and wait until nothing of it is left; at once if it has ended.

        From inside the session's own callback it does not wait: the end comes when the callback returns.
        """
        if self.state is SessionState.NEW:
            self.request(DELETED)
            self._hooks.finish(DELETED)
            return
        if self._root is None or self._root.done():
            return
        inside = self._serving is not None and asyncio.current_task() is self._serving
        self._ended_by_itself = self._ended_by_itself or inside
        self.request(DELETED)
        if not inside:
            await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until it has ended, in whichever way. Before it is opened there is nothing to wait for."""
        if self._root is None or self._root.done():
            return
        self.check_loop()
        await self._down.wait()
        if not self._abandoned:
            await asyncio.wait([self._root])

    def request(self, end: End) -> None:
        """Begin to end; the first reason stands."""
        if self.end is None:
            self.end = end
            self._advance(Trigger.CLOSE if end.failure is None else Trigger.FAIL)
            self._stop.set()

    def connection(self) -> Connection:
        """The open connection.

        Raises:
            SessionStateError: there is none, or this is another event loop.
        """
        if self.state is SessionState.OPEN and self._connection is not None:
            self.check_loop()
            return self._connection
        if self.end is not None:
            raise SessionStateError(
                f"the session has ended ({self.end.reason}); make a new one with client.create_session()"
            ) from self.end.failure
        raise SessionStateError(
            f"the session is {self.state}, not open; use 'async with', or await create_session() first"
        )

    def check_loop(self) -> None:
        """Raises `SessionStateError` on another event loop than that of an open session."""
        if self._loop is not None and asyncio.get_running_loop() is not self._loop:
            raise SessionStateError("the session belongs to another event loop, the one that opened it")

    async def send(self, command: Command) -> None:
        """Write ``command``.

        Raises:
            SessionStateError: the session is not open.
            UnsupportedCommand: the provider has no means for it.
            ConnectionLost: the connection ended; it was not sent.
            ProtocolError: the provider's code failed.
        """
        connection = self.connection()
        try:
            await connection.send(command)
        except RealtimeError:
            raise
        except asyncio.CancelledError as exc:
            if _is_being_cancelled():
                raise
            raise self._broken(exc) from exc
        except Exception as exc:  # a provider is other people's code
            raise self._broken(exc) from exc

    # -- told from inside ------------------------------------------------------------------------

    def created(self) -> None:
        """The service has made the session."""
        self._created = True
        self._waiting_for = "the configuration to be accepted"

    def configured(self) -> None:
        """The configuration is in force; said before the session is made, it means nothing."""
        self._configured = self._created

    # -- the root task ---------------------------------------------------------------------------

    def _advance(self, trigger: Trigger) -> None:
        self.state = next_state(self.state, trigger)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._live())
            self._serving = group.create_task(self._hooks.serve())
            try:
                await self._stop.wait()
            finally:
                # whoever cancels every task, as asyncio.run does at its end, did not ask for this
                self.request(End.by(_cancelled(self._name)))
                try:
                    await self._let_go(reading, self._serving)
                    await self._hang_up()
                finally:
                    self._settle()

    async def _let_go(self, reading: asyncio.Task[None], serving: asyncio.Task[None]) -> None:
        """End both tasks; one that swallows its cancellation keeps the root task, but not the session."""
        tasks = {reading, serving}
        reading.cancel()
        if not self._ended_by_itself:
            serving.cancel()
        try:
            async with timeout(self._clock, self._close_timeout_s):
                await asyncio.wait(tasks)
        except TimeoutError:
            # the callback that asked for the end may finish what it is doing, but not for ever
            serving.cancel()
            await asyncio.sleep(0)
            self._abandoned = not all(task.done() for task in tasks)
            if self._abandoned:
                _log.warning("session with %r: a callback or the provider does not let go", self._name)

    async def _live(self) -> None:
        try:
            async with timeout(self._clock, self._open_timeout_s):
                await self._open_connection()
            await self._read()
        except RealtimeError as exc:
            self.request(End.by(exc))
        except TimeoutError as exc:
            self.request(End.by(self._late(exc)))
        except asyncio.CancelledError as exc:
            if _is_being_cancelled():
                raise
            # something of the provider was cancelled, not we: without this nobody would read any more
            self.request(End.by(self._broken(exc)))
        except Exception as exc:  # noqa: BLE001  # a provider is other people's code
            self.request(End.by(self._broken(exc)))

    async def _open_connection(self) -> None:
        self._connection = await self._hooks.connect()
        self._waiting_for = "the session to be created"
        while not self._configured and not self._stop.is_set():
            self._take_frame(await self._connection.receive())
        if not self._stop.is_set():
            await self._hooks.prepare(self._connection)
        if not self._stop.is_set():
            self._advance(Trigger.READY)
            assert self._opened is not None  # whoever opens waits for it, or has set the stop
            self._opened.set_result(None)

    async def _read(self) -> None:
        assert self._connection is not None  # it was opened just before
        while not self._stop.is_set():
            for _ in range(_FRAMES_PER_TURN):
                self._take_frame(await self._connection.receive())
                if self._stop.is_set():
                    return
            # a provider with frames at hand never waits; everybody else gets a turn all the same
            await asyncio.sleep(0)

    def _take_frame(self, events: Sequence[RealtimeEvent]) -> None:
        take = self._hooks.take
        if not events:
            raise ProtocolError(f"provider {self._name!r} broke its contract: a frame without an event")
        for event in events:
            take(event)

    def _late(self, exc: TimeoutError) -> RealtimeError:
        if self.state is not SessionState.OPENING:
            return self._broken(exc)
        late = ConnectionFailed(
            f"{self._name}: no answer within {self._open_timeout_s:g} s, still waiting for "
            f"{self._waiting_for}; check the address, or give more timeout_s",
            reason=FailedReason.TIMEOUT,
        )
        late.__cause__ = exc
        return late

    def _broken(self, exc: BaseException) -> RealtimeError:
        broken = ProtocolError(f"provider {self._name!r} broke its contract: it raised {type(exc).__name__}")
        broken.__cause__ = exc
        return broken

    async def _hang_up(self) -> None:
        if self._connection is None:
            return
        try:
            async with timeout(self._clock, self._close_timeout_s):
                await self._connection.aclose()
        except Exception as exc:  # noqa: BLE001  # a provider is other people's code
            _log.warning("provider %r did not close its connection: %s", self._name, type(exc).__name__)

    def _settle(self) -> None:
        end = self.end
        assert end is not None  # the root task has asked for one, if nobody else has
        self._advance(Trigger.DOWN)
        self._down.set()
        self._hooks.finish(end)
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(
                end.failure or SessionStateError(f"the session was {end.reason} while it was opening")
            )


def _cancelled(name: str) -> ConnectionLost:
    return ConnectionLost(
        f"{name}: the task of the session was cancelled, as when its event loop is shut down; "
        "delete the session first",
        reason=LostReason.CANCELLED,
    )


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
