import asyncio
import time

import pytest
from realtime_core.clock import SystemClock, current_clock, timeout, use_clock


def test_the_system_clock_is_in_force_unless_told():
    assert isinstance(current_clock(), SystemClock)


def test_system_clock_is_monotonic_time():
    before = time.monotonic()
    now = SystemClock().now_s()

    assert before <= now <= time.monotonic()


async def test_system_clock_calls_back_on_the_loop():
    fired = asyncio.Event()

    SystemClock().call_later(0, fired.set)

    await fired.wait()


async def test_system_clock_does_not_call_a_cancelled_timer(idle):
    fired = asyncio.Event()

    SystemClock().call_later(0, fired.set).cancel()
    await idle()

    assert not fired.is_set()


def test_a_clock_is_in_force_inside_its_block_only(clock):
    with use_clock(clock):
        assert current_clock() is clock

    assert isinstance(current_clock(), SystemClock)


async def test_a_clock_is_in_force_in_tasks_started_inside(clock):
    async def look():
        return current_clock()

    with use_clock(clock):
        task = asyncio.create_task(look())

    assert await task is clock


def test_the_clock_before_comes_back_when_the_block_raises(clock):
    with pytest.raises(ZeroDivisionError), use_clock(clock):
        raise ZeroDivisionError

    assert isinstance(current_clock(), SystemClock)


async def test_timeout_fires_when_its_clock_says_so(clock, idle):
    async def wait():
        async with timeout(clock, 5):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await idle()
    clock.advance(5)

    with pytest.raises(TimeoutError):
        await task


async def test_timeout_does_not_fire_before_its_time(clock, idle):
    release = asyncio.Event()

    async def wait():
        async with timeout(clock, 5):
            await release.wait()
        return "done"

    task = asyncio.create_task(wait())
    await idle()
    clock.advance(4.999)
    release.set()

    assert await task == "done"


async def test_timeout_leaves_no_timer_behind(clock):
    async with timeout(clock, 5):
        pass

    assert clock.pending == 0


async def test_timeout_leaves_no_timer_behind_when_the_block_raises(clock):
    with pytest.raises(ZeroDivisionError):
        async with timeout(clock, 5):
            raise ZeroDivisionError

    assert clock.pending == 0


async def test_timeout_does_not_swallow_a_cancellation(clock, idle):
    async def wait():
        async with timeout(clock, 5):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await idle()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
