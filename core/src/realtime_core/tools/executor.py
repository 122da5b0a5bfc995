"""Threads for tools that are no coroutines: bounded, daemons, and given up when nobody waits any more.

`concurrent.futures` waits for its threads when the interpreter ends, and the event loop's own executor serves
others, too; so a stuck tool would hold up both. Knows nothing of tools, calls or time.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import attrs

from realtime_core.tools.failures import ToolError

__all__ = ["ToolThreads"]

T = TypeVar("T")


@attrs.define(eq=False)
class _Job:
    """One call in a thread; ``ended`` is resolved on the loop of the caller, as long as that waits."""

    function: Callable[[], Any]
    context: contextvars.Context
    ended: "asyncio.Future[None]"
    finished: bool = False
    left: bool = False
    value: Any = None
    error: BaseException | None = None

    def result(self) -> Any:
        if self.error is None:
            return self.value
        try:
            if isinstance(self.error, Exception):
                raise self.error
            # SystemExit and the like of a tool must end neither the loop nor the caller's task
            raise RuntimeError(f"the function raised {type(self.error).__name__}") from self.error
        finally:
            self.error = None  # whose traceback holds this frame


class ToolThreads:
    """The threads of one session: what is stuck in one conversation is no matter of another's.

    A call that finds ``limit`` others running waits for its turn. One that its caller leaves (by
    cancellation, which a time-out is, too) keeps its thread until the function returns, since a thread cannot
    be ended; but not its place, so that a stuck one starves nobody. When ``stuck_limit`` of those run, calls
    are refused until one returns.

    A thread lives for one call. There is nothing to close.
    """

    def __init__(self, *, limit: int = 16, stuck_limit: int = 16) -> None:
        self._places = asyncio.Semaphore(limit)
        self._stuck_limit = stuck_limit
        self._stuck = 0
        self._abandoned = 0
        self._lock = threading.Lock()

    @property
    def abandoned(self) -> int:
        """How many calls were left by their callers while they ran, in all."""
        return self._abandoned

    @property
    def stuck(self) -> int:
        """How many of those are still running."""
        return self._stuck

    async def run(self, function: Callable[[], T]) -> T:
        """What ``function()`` returns, called in a thread with the context variables of the caller.

        Raises:
            ToolError: too many calls are stuck.
            RuntimeError: the function raised what is no `Exception`, as `SystemExit`.
            Exception: what the function raised.
        """
        async with self._places:
            if self._stuck >= self._stuck_limit:
                raise ToolError("Too many earlier calls have not come to an end; try again later.")
            loop = asyncio.get_running_loop()
            job = _Job(function, contextvars.copy_context(), loop.create_future())
            threading.Thread(target=self._work, args=(job, loop), name="realtime-tool", daemon=True).start()
            try:
                await job.ended
            except asyncio.CancelledError:
                self._leave(job)
                raise
            return cast("T", job.result())

    def _work(self, job: _Job, loop: asyncio.AbstractEventLoop) -> None:
        """Runs in the thread."""
        try:
            job.value = job.context.run(job.function)
        except BaseException as exc:  # noqa: BLE001  # it is the caller's
            job.error = exc
        with self._lock:
            job.finished = True
            if job.left:
                self._stuck -= 1
                job.error = job.value = None
                return
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            loop.call_soon_threadsafe(_resolve, job.ended)

    def _leave(self, job: _Job) -> None:
        with self._lock:
            if not job.finished:
                job.left = True
                self._stuck += 1
                self._abandoned += 1


def _resolve(ended: "asyncio.Future[None]") -> None:
    if not ended.done():
        ended.set_result(None)
