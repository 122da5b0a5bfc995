"""A value or an exception that comes once, for any number of waiters, and may go unseen."""

import asyncio
from typing import Generic, TypeVar

__all__ = ["Outcome"]

T = TypeVar("T")


class Outcome(Generic[T]):
    """Like a future, but one that complains to nobody when its exception is never looked at."""

    def __init__(self) -> None:
        self.value: T | None = None
        self._error: BaseException | None = None
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def settled(self) -> bool:
        """Whether it has come."""
        return self.value is not None or self._error is not None

    @property
    def is_awaited(self) -> bool:
        """Whether anybody waits for it now."""
        return bool(self._waiters)

    def set(self, value: T) -> None:
        """It is ``value``; the first to say what it is stands."""
        if not self.settled:
            self.value = value
            self._wake()

    def fail(self, error: BaseException) -> None:
        """It will never be; the first to say what it is stands."""
        if not self.settled:
            self._error = error
            self._wake()

    async def wait(self) -> T:
        """Wait for it: the value, or the exception raised. Cancelling it changes nothing."""
        if not self.settled:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        if self.value is not None:
            return self.value
        assert self._error is not None  # it is settled
        raise self._error

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
