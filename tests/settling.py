"""Waiting until nothing moves: for tests whose clock stands still."""

import asyncio
from typing import Any


async def settle() -> None:
    """Return when every other task waits for something; the loop's own list of what is ready says so."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(100_000):
        await asyncio.sleep(0)
        if not loop._ready:
            return
    raise AssertionError("a task is spinning")
