"""Time, injectable: everything that waits or measures reads the clock of this module.

A test that wants to decide when time passes puts its own clock in place with `use_clock`; sessions
take the clock that is current when they are made.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Protocol

__all__ = ["Clock", "SystemClock", "Timer", "current_clock", "timeout", "use_clock"]


class Timer(Protocol):
    """Something that will happen; may be cancelled."""

    def cancel(self) -> None:
        """Make it not happen; harmless when it has happened."""


class Clock(Protocol):
    """A monotonic clock that can also call back."""

    def now_s(self) -> float:
        """Seconds since some moment that never changes."""

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call ``callback`` on the running event loop when ``delay_s`` seconds have passed."""


class SystemClock:
    """The real time."""

    def now_s(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """As the event loop's own."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


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
