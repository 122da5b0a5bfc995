"""Something that happens when a coroutine waits for the n-th time: how cancellation is tried at every wait.

Knows nothing of what is awaited.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

__all__ = ["AtStep", "cancel_at"]


class AtStep(Coroutine[Any, Any, Any]):
    """The coroutine ``work``, which calls ``act`` when it waits for the n-th time, from 1.

    Attributes:
        waits: how many times it has waited so far.
    """

    def __init__(self, work: Coroutine[Any, Any, Any], step: int, act: Callable[[], object]) -> None:
        self.waits = 0
        self._work = work
        self._step = step
        self._act = act

    def send(self, value: Any) -> Any:
        """Go on."""
        return self._waited(self._work.send(value))

    def throw(self, *exc: Any) -> Any:
        """Go on with an exception."""
        return self._waited(self._work.throw(*exc))

    def _waited(self, waits_for: Any) -> Any:
        self.waits += 1
        if self.waits == self._step:
            self._act()
        return waits_for

    def close(self) -> None:
        """End it."""
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("make a task of it")


async def cancel_at(work: Awaitable[Any], step: int) -> tuple[bool, Any]:
    """Run ``work`` in a task, cancelled at its n-th wait: whether it waited so often, and what it gave then.

    Raises:
        Exception: what ``work`` raises beside the cancellation.
    """
    stepping = AtStep(_awaited(work), step, lambda: task.cancel())
    task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(stepping)
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
    if task.cancelled():
        return True, None
    return stepping.waits >= step, task.result()


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
