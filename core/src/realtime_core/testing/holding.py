"""How long something keeps the event loop from everything else. Knows nothing of what is awaited."""

import asyncio
import time
from collections.abc import Awaitable
from itertools import pairwise
from typing import Any

__all__ = ["longest_hold_s"]


async def longest_hold_s(work: Awaitable[Any]) -> float:
    """Await ``work``; the longest time meanwhile in which the loop came to nothing else, in seconds.

    Raises:
        Exception: what ``work`` raises.
    """
    loop = asyncio.get_running_loop()
    ticks = [time.perf_counter()]
    ends = False

    def tick() -> None:
        ticks.append(time.perf_counter())
        if not ends:
            loop.call_soon(tick)

    loop.call_soon(tick)
    try:
        await work
    finally:
        ends = True
    ticks.append(time.perf_counter())
    return max(later - earlier for earlier, later in pairwise(ticks))
