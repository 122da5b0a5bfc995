"""Something that happens at the n-th wait."""

import asyncio

import pytest
from realtime_core.testing import AtStep, cancel_at


async def two_waits() -> str:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return "done"


async def test_it_acts_at_the_wait_it_was_told():
    acted: list[int] = []
    stepping = AtStep(two_waits(), 2, lambda: acted.append(stepping.waits))

    assert (await asyncio.create_task(stepping), acted, stepping.waits) == ("done", [2], 2)


@pytest.mark.parametrize("step", [1, 2])
async def test_it_cancels_at_each_wait(step: int):
    assert await cancel_at(two_waits(), step) == (True, None)


async def test_what_waits_less_often_is_done():
    assert await cancel_at(two_waits(), 3) == (False, "done")


async def test_what_does_not_listen_gives_what_it_has():
    async def deaf() -> str:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return "went on"
        return "done"

    assert await cancel_at(deaf(), 1) == (True, "went on")


async def test_what_it_raises_instead_is_raised():
    async def upset() -> None:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            raise ValueError("instead") from None

    with pytest.raises(ValueError, match="instead"):
        await cancel_at(upset(), 1)


async def test_cancelling_it_cancels_the_work():
    ended = asyncio.Event()

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    trying = asyncio.ensure_future(cancel_at(long(), 2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    trying.cancel()
    await asyncio.wait({trying})
    await ended.wait()

    assert trying.cancelled()


async def test_it_can_be_closed_as_any_coroutine():
    stepping = AtStep(two_waits(), 1, list)
    with pytest.raises(TypeError, match="make a task of it"):
        await stepping
    with pytest.raises(ValueError, match="early"):
        stepping.throw(ValueError("early"))
    stepping.close()
