"""What a connection can leave behind: tasks of the loop, threads, sockets. Knows nothing of providers."""

import asyncio
import threading
from pathlib import Path
from typing import Any, Final

import attrs

__all__ = ["Held", "held", "until_let_go"]

_LOOK_S: Final = 0.005
_POOL: Final = "asyncio_"
"""Threads of the loop's own pool stay, and are nobody's leak."""


@attrs.frozen
class Held:
    """What the process holds at one moment."""

    tasks: frozenset["asyncio.Task[Any]"]
    threads: frozenset[threading.Thread]
    sockets: int

    def beyond(self, before: "Held") -> str:
        """What there is more of than before, in words; empty: nothing."""
        more = [f"the task {_where(task)}" for task in self.tasks - before.tasks]
        more += [f"the thread {thread.name!r}" for thread in self.threads - before.threads]
        if self.sockets > before.sockets:
            more.append(f"{self.sockets - before.sockets} more open sockets than before")
        return "; ".join(more)


def held() -> Held:
    """What the process holds now; to be called on a loop."""
    return Held(
        frozenset(task for task in asyncio.all_tasks() if task is not asyncio.current_task()),
        frozenset(thread for thread in threading.enumerate() if not thread.name.startswith(_POOL)),
        _sockets(),
    )


async def until_let_go(before: Held, *, bound_s: float) -> str:
    """Wait until there is no more than before; what is left when the time is up, in words."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + bound_s
    while (left := held().beyond(before)) and loop.time() < end_s:  # noqa: ASYNC110  # see below
        await asyncio.sleep(_LOOK_S)  # nobody tells when a task or a socket is gone
    return left


def _where(task: "asyncio.Task[Any]") -> str:
    return f"{task.get_name()!r} ({getattr(task.get_coro(), '__qualname__', 'a coroutine')})"


def _sockets() -> int:
    """Open sockets of this process, where the system tells; else 0."""
    count = 0
    table = Path("/proc/self/fd")
    for link in table.iterdir() if table.is_dir() else ():
        try:
            count += str(link.readlink()).startswith("socket:")
        except OSError:  # closed since it was listed: the listing's own descriptor is one
            continue
    return count
