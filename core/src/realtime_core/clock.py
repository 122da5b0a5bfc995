"""Time, injectable: everything that waits or measures reads the clock of this module.

A test that wants to decide when time passes puts a `VirtualClock` in place with `use_clock`; sessions
take the clock that is current when they are made::

    clock = VirtualClock()
    with use_clock(clock):
        session = await client.create_session()
    clock.advance(3600)
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

__all__ = ["Clock", "SystemClock", "Timer", "VirtualClock", "current_clock", "sleep", "timeout", "use_clock"]


class Timer(Protocol):
    """Something that will happen; may be cancelled."""

    def cancel(self) -> None:
        """Make it not happen; harmless when it has happened."""


class Clock(Protocol):
    """A monotonic clock that can also call back."""

    def now_s(self) -> float:
        """Seconds since some moment that never changes."""

    def epoch_s(self) -> float:
        """The same moment as a calendar has it: seconds since 1970."""

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call ``callback`` on the running event loop when ``delay_s`` seconds have passed."""


class SystemClock:
    """The real time."""

    def now_s(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def epoch_s(self) -> float:
        """Seconds of `time.time`."""
        return time.time()

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """As the event loop's own."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


class VirtualTimer:
    """A timer of a `VirtualClock`."""

    def __init__(self, due_s: float, callback: Callable[[], object]) -> None:
        self.due_s = due_s
        self._callback: Callable[[], object] | None = callback

    @property
    def waits(self) -> bool:
        """Whether it will still fire."""
        return self._callback is not None

    def cancel(self) -> None:
        """Make it not happen; harmless when it has happened."""
        self._callback = None

    def fire(self) -> None:
        """Call back, unless it is cancelled or has fired."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class VirtualClock:
    """Time that stands still until `advance` moves it.

    Timers fire inside `advance`, in the order in which they fall due; what they wake runs when the event loop
    comes to it, so a test awaits something after it has moved the clock.

    Args:
        now_s: where the clock stands.
        epoch_s: that moment in seconds since 1970.
    """

    def __init__(self, *, now_s: float = 1_000.0, epoch_s: float = 1_800_000_000.0) -> None:
        self._now_s = now_s
        self._epoch_s = epoch_s - now_s
        self._timers: list[tuple[float, int, VirtualTimer]] = []
        self._numbers = itertools.count()
        self._set = asyncio.Event()

    def now_s(self) -> float:
        """Where the clock stands."""
        return self._now_s

    def epoch_s(self) -> float:
        """Where the clock stands, in seconds since 1970."""
        return self._epoch_s + self._now_s

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> VirtualTimer:
        """Call ``callback`` when the clock has been moved on by ``delay_s`` seconds, or more."""
        timer = VirtualTimer(self._now_s + delay_s, callback)
        heapq.heappush(self._timers, (timer.due_s, next(self._numbers), timer))
        self._set.set()
        return timer

    @property
    def pending(self) -> int:
        """How many timers will still fire."""
        return sum(timer.waits for _, _, timer in self._timers)

    @property
    def next_due_s(self) -> float | None:
        """When the next timer fires; None: there is none."""
        while self._timers and not self._timers[0][2].waits:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def advance(self, delay_s: float) -> None:
        """Move on; each timer that falls due fires at its time, those that others set on the way too.

        What a timer raises is raised here; the clock stands at that timer's time then.
        """
        end_s = self._now_s + delay_s
        while (due_s := self.next_due_s) is not None and due_s <= end_s:
            self._now_s = max(self._now_s, due_s)
            heapq.heappop(self._timers)[2].fire()
        # a callback may itself have moved the clock
        self._now_s = max(self._now_s, end_s)

    async def until_waiting(self, due_s: float | None = None) -> None:
        """Wait until a timer is set: any, or one that falls due at ``due_s``, give or take a microsecond."""
        while not any(
            timer.waits and (due_s is None or abs(timer.due_s - due_s) < _SAME_S)
            for _, _, timer in self._timers
        ):
            self._set.clear()
            await self._set.wait()


_SAME_S: Final = 1e-6
_current: ContextVar[Clock] = ContextVar("realtime_clock", default=SystemClock())  # noqa: B039  # has no state


def current_clock() -> Clock:
    """The clock in force here."""
    return _current.get()


@contextmanager
def use_clock(clock: Clock) -> Iterator[None]:
    """Put ``clock`` in force inside the ``with`` block, and in tasks started there."""
    token = _current.set(clock)
    try:
        yield
    finally:
        _current.reset(token)


async def sleep(clock: Clock, delay_s: float) -> None:
    """Like `asyncio.sleep`, by ``clock``."""
    due = asyncio.Event()
    timer = clock.call_later(delay_s, due.set)
    try:
        await due.wait()
    finally:
        timer.cancel()


@asynccontextmanager
async def timeout(clock: Clock, delay_s: float) -> AsyncIterator[None]:
    """Like `asyncio.timeout`, by ``clock``.

    Raises:
        TimeoutError: the block took longer.
    """
    async with asyncio.timeout(None) as scope:
        timer = clock.call_later(delay_s, lambda: scope.reschedule(0))
        try:
            yield
        finally:
            timer.cancel()
