"""Something that happens while a coroutine waits for the n-th time: how cancellation is tried at every wait.

Knows nothing of what is awaited.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

__all__ = ["AtStep", "cancel_at"]


class AtStep:
    """Awaits ``work``, in the task that awaits this; at its n-th wait, from 1, calls ``act``.

    Attributes:
        waits: how many times it has waited so far.
    """

    def __init__(self, work: Awaitable[Any], step: int, act: Callable[[], object]) -> None:
        self.waits = 0
        self._work = work
        self._step = step
        self._act = act

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._work.__await__()
        resume: Callable[[], Any] = inner.__next__
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
                resume = _thrower(inner, exc)
            else:
                resume = inner.__next__


def _thrower(inner: Generator[Any, Any, Any], exc: BaseException) -> Callable[[], Any]:
    return lambda: inner.throw(exc)


async def cancel_at(work: Awaitable[Any], step: int) -> tuple[bool, Any]:
    """Await ``work``, cancelled at its n-th wait: whether it waited so often, and what it gave all the same.

    Raises:
        Exception: what ``work`` raises beside the cancellation.
    """
    task = asyncio.current_task()
    assert task is not None
    stepping = AtStep(work, step, task.cancel)
    try:
        given = await stepping
    except asyncio.CancelledError:
        if stepping.waits < step:
            raise
        task.uncancel()
        return True, None
    if stepping.waits >= step:
        task.uncancel()  # it was asked to stop, and had finished, or did not listen
        return True, given
    return False, given
