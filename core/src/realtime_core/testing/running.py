"""A clause while it runs: an event loop in a thread of its own, every wait for it bounded.

Knows nothing of what clauses ask.
"""

import asyncio
import contextvars
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Final

from realtime_core.testing.clauses import ClauseBroken, outside

__all__ = ["run_bounded"]

_CLEAN_UP_S: Final = 5.0
_PLACES: Final = 4
"""How many frames of a stack say where it stands."""
_BEATS: Final = 10
"""How often a loop shows that it turns, in the time that it may stand still."""


def run_bounded(
    work: Callable[[], Coroutine[Any, Any, None]], *, bound_s: float, still_s: float = 10.0
) -> None:
    """Run ``work`` on an event loop of its own; nothing that it leaves behind holds up the next.

    In a thread: one that never lets its loop turn is left behind, and would hold up the tests otherwise.

    Raises:
        ClauseBroken: it takes longer than ``bound_s``, or its loop does not turn for ``still_s``.
    """
    run = _Run(work, bound_s, still_s / _BEATS)
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), name="clause", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(still_s / _BEATS)
        if thread.is_alive() and time.monotonic() - run.turned_s > still_s:
            raise ClauseBroken(f"the event loop did not turn for {still_s:g} s; it waits\n{_place(thread)}")
    if run.failure is not None:
        raise run.failure


def _place(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001  # there is no other way
    stack = traceback.StackSummary.extract(traceback.walk_stack(frame))
    stack.reverse()
    latest = traceback.StackSummary.from_list(outside(stack)[-_PLACES:])
    return textwrap.indent("".join(latest.format()).rstrip(), "    ")


class _Run:
    """A loop that runs ``work``; what it raises, and when it last turned."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]], bound_s: float, beat_s: float) -> None:
        self.failure: BaseException | None = None
        self.turned_s = time.monotonic()
        self._work = work
        self._bound_s = bound_s
        self._beat_s = beat_s

    def __call__(self) -> None:
        loop = asyncio.new_event_loop()
        try:
            self._beat(loop)
            try:
                loop.run_until_complete(_bounded(self._work(), self._bound_s))
            finally:
                loop.run_until_complete(_swept())
                loop.run_until_complete(loop.shutdown_asyncgens())
        except BaseException as exc:  # noqa: BLE001  # it is raised again, where the test is
            self.failure = exc
        finally:
            loop.close()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self.turned_s = time.monotonic()
        loop.call_later(self._beat_s, self._beat, loop)


async def _bounded(work: Coroutine[Any, Any, None], bound_s: float) -> None:
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=bound_s)  # not asyncio.timeout: it waits for what ignores it
    if not done:
        task.cancel()
        raise ClauseBroken(f"the whole clause took longer than {bound_s:g} s")
    task.result()


async def _swept() -> None:
    """End whatever still runs; what does not let itself be ended is left to the garbage collector."""
    await asyncio.sleep(0)
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=_CLEAN_UP_S)
