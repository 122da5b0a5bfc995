"""A hundred sessions one after another leave nothing behind: no task, no thread, no file."""

import asyncio
import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from parity.programs import served
from parity.providers import environment, every_provider, only_environment
from parity.talk import KEY
from realtime_core import RealtimeAudioEvent, create_client
from realtime_simulator import speech


async def left_behind() -> dict[str, int]:
    """What this process holds."""
    for _ in range(3):
        await asyncio.sleep(0)  # what has just been closed gets its turn
    gc.collect()
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208  # it is no folder of ours,
    }


async def talk_once(client: Any) -> None:
    """Open, say and hear something, close."""
    async with client() as session:
        await session.send_audio(speech(40))
        await session.send_text("Hi.", respond=True)
        async for event in session.receive():
            if isinstance(event, RealtimeAudioEvent) and event.audio.data:
                break


@every_provider
@pytest.mark.timeout(400)
async def test_hundred_sessions_in_a_row_leave_nothing_behind(provider: str):
    # one worker: how many the loop would start by and by is its own affair
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    counts = []

    with served("--speed", "0") as origin, only_environment(environment(provider, origin, KEY)):
        client = create_client(provider)
        for number in range(1, 101):
            await talk_once(client)
            if number in (50, 100):
                counts.append(await left_behind())

    assert counts[0] == counts[1]
