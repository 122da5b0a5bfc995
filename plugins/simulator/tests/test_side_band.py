import asyncio

import pytest
from realtime_simulator.frames import End
from realtime_simulator.link import Ended
from realtime_simulator.side_band import SideBand


class Session:
    """What a side-band speaks to."""

    def __init__(self):
        self.fed = []
        self.rooms = 0

    def feed(self, text):
        self.fed.append(text)

    async def room(self):
        self.rooms += 1


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def left():
    return []


@pytest.fixture
def band(session, left):
    return SideBand(session, left.append)


async def test_frames_come_in_order_also_to_one_who_waits(band):
    waiting = asyncio.ensure_future(band.next())
    await asyncio.sleep(0)
    band.put("a")
    band.put("b")

    assert [await waiting, await band.next()] == ["a", "b"]


async def test_cancelled_wait_loses_nothing(band):
    waiting = asyncio.ensure_future(band.next())
    await asyncio.sleep(0)
    waiting.cancel()
    band.put("a")

    assert await band.next() == "a"


async def test_client_is_heard_by_the_session_when_it_has_room(band, session):
    band.feed("{}")
    await band.room()

    assert (session.fed, session.rooms) == (["{}"], 1)


async def test_end_of_the_call_comes_after_what_waits(band):
    band.put("a")
    band.finish(End(1001, "bye"))
    band.finish(End(1000))

    assert await band.next() == "a"
    for _ in range(2):
        with pytest.raises(Ended, match="bye") as ended:
            await band.next()
        assert ended.value.code == 1001


async def test_end_overtakes_what_waits(band):
    band.put("a")
    overtaking = asyncio.ensure_future(band.overtaking())
    await asyncio.sleep(0)
    assert not overtaking.done()

    band.end(End(1001))

    assert await overtaking == End(1001)
    with pytest.raises(Ended):
        await band.next()


async def test_client_that_goes_leaves_the_call(band, left):
    band.close()

    assert left == [band]
    with pytest.raises(Ended):
        await band.next()


async def test_client_that_does_not_read_is_cut_off(band, left):
    for _ in range(33):
        band.put("x" * 1024 * 1024)

    assert left == [band]
    with pytest.raises(Ended) as ended:
        await band.next()
    assert ended.value.code == 1008
