"""Something that happens while a coroutine waits for the n-th time."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

__all__ = ["AtStep", "cancel"]


class AtStep:
    """Awaits ``work``, in the task that awaits this; at its n-th wait, from 1, calls ``act``."""

    def __init__(self, work: Awaitable[Any], step: int, act: Callable[[], object]) -> None:
        self._work = work
        self._step = step
        self._act = act
        self.waits = 0

    @property
    def acted(self) -> bool:
        """Whether it has waited so often."""
        return self.waits >= self._step

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._work.__await__()
        resume = inner.__next__
        while True:
            try:
                waits_for = resume()
            except StopIteration as stop:
                return stop.value
            self.waits += 1
            if self.waits == self._step:
                self._act()
            try:
                yield waits_for
            except BaseException as exc:  # noqa: BLE001  # handed on to where it belongs
                resume = lambda exc=exc: inner.throw(exc)  # noqa: E731
            else:
                resume = inner.__next__


def cancel() -> None:
    """Cancel the task that awaits."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
