"""A value that comes once, for any number of waiters."""

import asyncio

import pytest
from realtime_core.engine.outcome import Outcome


async def test_all_that_wait_get_the_value(idle):
    outcome = Outcome()
    waiting = [asyncio.create_task(outcome.wait()) for _ in range(3)]
    await idle()
    assert not outcome.settled
    assert outcome.is_awaited

    outcome.set("value")

    assert await asyncio.gather(*waiting) == ["value"] * 3
    assert await outcome.wait() == "value"
    assert outcome.value == "value"
    assert not outcome.is_awaited


async def test_all_that_wait_get_the_exception(idle):
    outcome = Outcome()
    waiting = [asyncio.create_task(outcome.wait()) for _ in range(2)]
    await idle()

    outcome.fail(LookupError("no"))

    assert [str(error) for error in await asyncio.gather(*waiting, return_exceptions=True)] == ["no", "no"]
    with pytest.raises(LookupError):
        await outcome.wait()


async def test_first_to_say_what_it_is_stands():
    good, bad = Outcome(), Outcome()
    good.set(1)
    good.set(2)
    good.fail(LookupError())
    bad.fail(LookupError("first"))
    bad.fail(LookupError("second"))
    bad.set(3)

    assert await good.wait() == 1
    assert bad.settled
    with pytest.raises(LookupError, match="first"):
        await bad.wait()


async def test_exception_that_nobody_looks_at_complains_to_nobody():
    Outcome().fail(LookupError())  # the fixture `leftovers` sees that


async def test_cancelling_one_that_waits_changes_nothing_for_another(idle):
    outcome = Outcome()
    first, second = (asyncio.create_task(outcome.wait()) for _ in range(2))
    await idle()
    first.cancel()

    outcome.set("value")

    assert await second == "value"
    assert (await asyncio.gather(first, return_exceptions=True))[0].__class__ is asyncio.CancelledError
    assert not outcome._waiters


async def test_one_that_is_cancelled_as_the_value_comes_is_cancelled(idle):
    outcome = Outcome()
    task = asyncio.create_task(outcome.wait())
    await idle()

    task.cancel()
    outcome.set("value")

    with pytest.raises(asyncio.CancelledError):
        await task
