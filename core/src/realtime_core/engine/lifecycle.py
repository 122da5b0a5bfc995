"""The life of one session's connection: opened once, read until its end, always taken down.

Owns the root task, the state and the reason of the end. Knows nothing of what events mean: it hands each to
``take``. One root task owns a task group, in which everything of the session runs; no user task is its
parent, and nothing of it outlives it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final

import attrs

from realtime_core.clock import Clock, timeout
from realtime_core.commands import AppendAudio, Command
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
    prepare: Callable[[Callable[[Command], Awaitable[None]]], Awaitable[None]] | None
    """The configuration is in force: do what else belongs to opening, with the means to send. Events are read
    meanwhile. None: nothing else does."""
    serve: Callable[[], Sequence[Coroutine[Any, Any, None]]]
    """What runs beside reading from the moment of opening, until cancelled."""
    opened: Callable[[], None]
    """The session is open."""
    sending: Callable[[Command], None]
    """A command is about to be written; audio only where ``tells_audio``."""
    not_sent: Callable[[Command], None]
    """It was not: the provider refused it, or the connection has ended."""
    tells_audio: bool = False
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
        self._configured = asyncio.Event()
        self._connection: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: asyncio.Future[None] | None = None
        self._root: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        # those that asked for the end from inside may finish what they are doing
        self._spared: set[asyncio.Task[Any]] = set()
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

        From inside the session's own callback or tool it does not wait: the end comes when that returns.
        """
        if self.state is SessionState.NEW:
            self.request(DELETED)
            self._hooks.finish(DELETED)
            return
        if self._root is None or self._root.done():
            return
        task = asyncio.current_task()
        inside = task in self._running
        if inside and task is not None:
            self._spared.add(task)
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
        await self._write(self.connection(), command)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None] | None:
        """Run ``work`` as long as the session lives: then it is cancelled. It must not raise.

        None: the session is ending, and it will not run.
        """
        if self._group is None or self._stop.is_set():
            work.close()
            return None
        task = self._group.create_task(_contained(work, name), name=f"{name} ({self._name})")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _write(self, connection: Connection, command: Command) -> None:
        hooks = self._hooks
        if type(command) is not AppendAudio or hooks.tells_audio:
            hooks.sending(command)
        try:
            await connection.send(command)
        except RealtimeError:
            hooks.not_sent(command)
            raise
        except asyncio.CancelledError as exc:
            if _is_being_cancelled():
                raise
            hooks.not_sent(command)
            raise self._broken(exc) from exc
        except Exception as exc:  # a provider is other people's code
            hooks.not_sent(command)
            raise self._broken(exc) from exc

    # -- told from inside ------------------------------------------------------------------------

    def created(self) -> None:
        """The service has made the session."""
        self._created = True
        self._waiting_for = "the configuration to be accepted"

    def configured(self) -> None:
        """The configuration is in force; said before the session is made, it means nothing."""
        if not self._created:
            return
        self._configured.set()
        if self._hooks.prepare is None:
            # at once: a service may say all it has to say, and go, before another task has its turn
            self._ready()

    # -- the root task ---------------------------------------------------------------------------

    def _advance(self, trigger: Trigger) -> None:
        self.state = next_state(self.state, trigger)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as self._group:
            self.spawn(self._guarded(self._read), "reading")
            self.spawn(self._guarded(self._become_open), "opening")
            for work in self._hooks.serve():
                self.spawn(work, "serving")
            try:
                await self._stop.wait()
            finally:
                # whoever cancels every task, as asyncio.run does at its end, did not ask for this
                self.request(End.by(_cancelled(self._name)))
                try:
                    await self._let_go()
                    await self._hang_up()
                finally:
                    self._settle()

    async def _let_go(self) -> None:
        """End all tasks; one that swallows its cancellation keeps the root task, but not the session."""
        tasks = set(self._running)
        for task in tasks - self._spared:
            task.cancel()
        try:
            async with timeout(self._clock, self._close_timeout_s):
                for task in tasks:
                    await asyncio.wait([task])
        except TimeoutError:
            for task in self._spared:
                task.cancel()
            await asyncio.sleep(0)
            self._abandoned = not all(task.done() for task in tasks)
            if self._abandoned:
                _log.warning("session with %r: a callback, a tool or the provider lives on", self._name)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Whatever ends ``work`` ends the session."""
        try:
            await work()
        except RealtimeError as exc:
            self.request(End.by(exc))
        except TimeoutError as exc:
            self.request(End.by(self._late(exc)))
        except asyncio.CancelledError as exc:
            if _is_being_cancelled():
                raise
            # something of the provider was cancelled, not we: without this nobody would read any more
            self.request(End.by(self._broken(exc)))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as exc:  # noqa: BLE001  # a provider is other people's code
            self.request(End.by(self._broken(exc)))

    async def _become_open(self) -> None:
        async with timeout(self._clock, self._open_timeout_s):
            await self._configured.wait()
            if self._hooks.prepare is None:
                return
            self._waiting_for = "the conversation so far to be accepted"
            if not self._stop.is_set():
                await self._hooks.prepare(self._prepare_send)
        self._ready()

    def _ready(self) -> None:
        if self.state is SessionState.OPENING:
            self._advance(Trigger.READY)
            assert self._opened is not None  # whoever opens waits for it, or has asked for the end
            self._opened.set_result(None)
            self._hooks.opened()

    async def _prepare_send(self, command: Command) -> None:
        assert self._connection is not None  # it has configured itself
        await self._write(self._connection, command)

    async def _read(self) -> None:
        self._connection = await self._hooks.connect()
        self._waiting_for = "the session to be created"
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


async def _contained(work: Coroutine[Any, Any, None], name: str) -> None:
    """Nothing that one task raises ends the others."""
    try:
        await work
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as exc:  # noqa: BLE001  # of application code that raises what nobody expects
        _log.error("%s failed: %s", name, type(exc).__name__)


def _cancelled(name: str) -> ConnectionLost:
    return ConnectionLost(
        f"{name}: the task of the session was cancelled, as when its event loop is shut down; "
        "delete the session first",
        reason=LostReason.CANCELLED,
    )


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
