import asyncio
import time

import pytest
from realtime_core.clock import SystemClock, VirtualClock, current_clock, sleep, timeout, use_clock


def test_the_system_clock_is_in_force_unless_told():
    assert isinstance(current_clock(), SystemClock)


def test_system_clock_is_monotonic_time():
    before = time.monotonic()
    now = SystemClock().now_s()

    assert before <= now <= time.monotonic()


def test_system_clock_knows_the_calendar():
    before = time.time()

    assert before <= SystemClock().epoch_s() <= time.time()


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


@pytest.fixture
def fired():
    return []


def test_virtual_clock_stands_still_until_it_is_moved():
    clock = VirtualClock(now_s=5, epoch_s=100)

    clock.advance(2.5)

    assert (clock.now_s(), clock.epoch_s()) == (7.5, 102.5)


def test_timers_fire_in_the_order_in_which_they_fall_due(clock, fired):
    for name, delay_s in [("c", 3), ("a", 1), ("b", 1), ("later", 4)]:
        clock.call_later(delay_s, lambda name=name: fired.append(name))

    clock.advance(3)

    assert fired == ["a", "b", "c"]
    assert clock.pending == 1


def test_timer_fires_at_its_time(clock, fired):
    begin_s = clock.now_s()
    clock.call_later(2, lambda: fired.append(clock.now_s() - begin_s))

    clock.advance(10)

    assert fired == [2]
    assert clock.now_s() == begin_s + 10


def test_timer_set_on_the_way_fires_on_the_way(clock, fired):
    clock.call_later(1, lambda: clock.call_later(1, lambda: fired.append("second")))
    clock.call_later(1, lambda: clock.call_later(9.5, lambda: fired.append("too late")))

    clock.advance(10)

    assert fired == ["second"]


def test_timer_of_the_past_does_not_turn_the_clock_back(clock, fired):
    clock.call_later(-5, lambda: fired.append(clock.now_s()))

    clock.advance(0)

    assert fired == [clock.now_s()]


def test_callback_may_move_the_clock_further(clock):
    begin_s = clock.now_s()
    clock.call_later(1, lambda: clock.advance(5))

    clock.advance(2)

    assert clock.now_s() == begin_s + 6


def test_cancelled_timer_does_not_fire(clock, fired):
    timer = clock.call_later(1, lambda: fired.append("never"))

    timer.cancel()
    timer.cancel()
    clock.advance(2)
    timer.fire()

    assert fired == []
    assert (clock.pending, clock.next_due_s) == (0, None)


def test_next_timer_is_known(clock):
    clock.call_later(2, int)
    clock.call_later(1, int).cancel()

    assert clock.next_due_s == clock.now_s() + 2


def test_what_a_timer_raises_is_raised_where_the_clock_is_moved(clock, fired):
    begin_s = clock.now_s()
    clock.call_later(1, lambda: 1 / 0)
    clock.call_later(2, lambda: fired.append("after"))

    with pytest.raises(ZeroDivisionError):
        clock.advance(5)
    assert clock.now_s() == begin_s + 1
    clock.advance(5)

    assert fired == ["after"]


async def test_somebody_who_waits_can_be_awaited(clock, idle):
    any_timer = asyncio.ensure_future(clock.until_waiting())
    that_timer = asyncio.ensure_future(clock.until_waiting(clock.now_s() + 0.2))
    await idle()
    assert not any_timer.done()

    clock.call_later(0.1, int)
    await idle()
    assert (any_timer.done(), that_timer.done()) == (True, False)
    clock.call_later(0.1 + 0.1, int)

    await that_timer


async def test_a_timer_that_waits_already_is_not_waited_for(clock):
    clock.call_later(1, int)

    await clock.until_waiting()


async def test_sleep_ends_when_the_clock_says_so(clock, idle):
    sleeper = asyncio.ensure_future(sleep(clock, 2))
    await clock.until_waiting()
    clock.advance(1)
    await idle()
    assert not sleeper.done()

    clock.advance(1)

    await sleeper


async def test_cancelled_sleep_leaves_no_timer(clock):
    sleeper = asyncio.ensure_future(sleep(clock, 2))
    await clock.until_waiting()

    sleeper.cancel()
    await asyncio.gather(sleeper, return_exceptions=True)

    assert clock.pending == 0
