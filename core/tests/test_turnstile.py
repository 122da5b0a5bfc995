import asyncio

import pytest
from realtime_core.turnstile import Turnstile


async def _pass(turnstile, name, passed):
    async with turnstile:
        passed.append(name)
        await asyncio.sleep(0)


async def test_first_come_is_first_served():
    turnstile, passed = Turnstile(), []

    await asyncio.gather(*(_pass(turnstile, number, passed) for number in range(5)))

    assert passed == [0, 1, 2, 3, 4]


async def test_one_at_a_time():
    turnstile = Turnstile()

    assert [turnstile.enter_nowait(), turnstile.enter_nowait()] == [True, False]
    turnstile.leave()
    assert turnstile.enter_nowait()


async def test_nobody_overtakes_between_a_leaving_and_the_next_ones_turn():
    turnstile, passed = Turnstile(), []
    turnstile.enter_nowait()
    waiting = asyncio.create_task(_pass(turnstile, "first", passed))
    await asyncio.sleep(0)
    turnstile.leave()

    overtakes = turnstile.enter_nowait()
    await waiting

    assert (overtakes, passed) == (False, ["first"])


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_whoever_gives_up_holds_nobody_up(cancelled):
    turnstile, passed = Turnstile(), []
    turnstile.enter_nowait()
    waiting = [asyncio.create_task(_pass(turnstile, number, passed)) for number in range(3)]
    await asyncio.sleep(0)

    waiting[cancelled].cancel()
    await asyncio.wait([waiting[cancelled]])
    turnstile.leave()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert passed == [number for number in range(3) if number != cancelled]
    assert turnstile.enter_nowait()


async def test_whoever_gives_up_on_their_turn_lets_the_next_through():
    turnstile, passed = Turnstile(), []
    turnstile.enter_nowait()
    waiting = [asyncio.create_task(_pass(turnstile, number, passed)) for number in range(2)]
    await asyncio.sleep(0)

    turnstile.leave()
    waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert passed == [1]


async def test_a_failure_inside_lets_the_next_through():
    turnstile = Turnstile()

    with pytest.raises(ValueError, match="inside"):
        async with turnstile:
            raise ValueError("inside")

    assert turnstile.enter_nowait()


async def test_place_of_whoever_was_cancelled_just_before_is_passed_over(idle):
    turnstile = Turnstile()
    await turnstile.enter()
    cancelled = asyncio.create_task(turnstile.enter())
    next_one = asyncio.create_task(turnstile.enter())
    await idle()

    cancelled.cancel()
    turnstile.leave()  # before the cancelled one has had its turn of the loop
    await next_one

    assert cancelled.cancelled() or ((await asyncio.wait([cancelled])) and cancelled.cancelled())
    turnstile.leave()
    assert turnstile.enter_nowait()


async def test_place_is_taken_at_the_call():
    turnstile = Turnstile()
    place = turnstile.reserve()

    assert not turnstile.enter_nowait()
    await turnstile.arrive(place)
    turnstile.leave()
    assert turnstile.enter_nowait()


async def test_place_that_is_given_up_is_free():
    turnstile = Turnstile()
    first, second = turnstile.reserve(), turnstile.reserve()

    turnstile.give_up(second)
    turnstile.give_up(first)

    assert turnstile.enter_nowait()
