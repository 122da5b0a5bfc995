import asyncio
import json

import pytest
from realtime_core.clock import SystemClock, use_clock
from realtime_simulator.brain import Say, Wait
from realtime_simulator.frames import EXPIRED, End
from realtime_simulator.link import Ended, Link
from realtime_simulator.opening import Opening
from realtime_simulator.options import configure
from realtime_simulator.parts import MAX_CHARACTERS, MAX_FRAMES
from realtime_simulator.watch import Watch

CREATE = json.dumps({"type": "response.create"})


async def kinds_until(link, kind):
    taken = []
    while not taken or taken[-1] != kind:
        taken.append(json.loads(await link.next())["type"])
    return taken


def open_link(**options):
    return Link(configure(**options), Opening("m"))


async def test_session_created_is_first():
    assert json.loads(await open_link().next())["type"] == "session.created"


async def test_link_may_be_a_transcription_session():
    created = json.loads(await Link(configure(), Opening("", "transcription")).next())

    assert created["session"]["type"] == "transcription"


async def test_calendar_of_the_session_is_that_of_its_clock(clock):
    with use_clock(clock):
        link = open_link(max_session_s=60)

    created = json.loads(await link.next())

    assert created["session"]["expires_at"] == clock.epoch_s() + 60


async def test_next_waits_for_the_client():
    link = open_link(speed=0)
    await link.next()
    waiting = asyncio.ensure_future(link.next())
    await asyncio.sleep(0)

    link.feed(CREATE)

    assert json.loads(await waiting)["type"] == "response.created"


class HastyClock(SystemClock):
    """A clock by which time passes whenever it is read."""

    def __init__(self, step_s):
        self._now_s = 0.0
        self._step_s = step_s

    def now_s(self):
        self._now_s += self._step_s
        return self._now_s

    def call_later(self, delay_s, callback):
        self._now_s += delay_s
        return super().call_later(0, callback)


@pytest.mark.parametrize("step_s", [number * 0.0007 for number in range(1, 21)])
async def test_frame_that_falls_due_while_the_clock_is_read_is_not_missed(step_s):
    with use_clock(HastyClock(step_s)):
        link = open_link(speed=8, brain=lambda _: Say("a long story " * 20))
    link.feed(CREATE)

    kinds = await kinds_until(link, "response.done")

    assert kinds.count("response.output_audio_transcript.delta") == 60


async def test_pause_that_is_over_when_it_begins_is_no_pause():
    with use_clock(HastyClock(0.5)):
        link = open_link(speed=8, brain=lambda _: [Wait(100), Say("a story")])
    link.feed(CREATE)

    assert (await kinds_until(link, "response.done"))[1] == "response.created"


async def test_cancelled_next_loses_no_frame():
    link = open_link(speed=0)
    await link.next()
    waiting = asyncio.ensure_future(link.next())
    await asyncio.sleep(0)
    link.feed(CREATE)

    waiting.cancel()
    await asyncio.wait([waiting])

    assert (await kinds_until(link, "response.done"))[0] == "response.created"


async def test_audio_waits_for_its_time(clock):
    with use_clock(clock):
        link = open_link(speed=1, brain=lambda _: Say("0123456789"))
    await link.next()
    link.feed(CREATE)
    begin_s = clock.now_s()
    await kinds_until(link, "response.output_audio.delta")
    waiting = asyncio.ensure_future(link.next())

    await clock.until_waiting(begin_s + 0.1)
    assert not waiting.done()
    clock.advance(0.1)

    assert json.loads(await waiting)["type"] == "response.output_audio.delta"


async def test_late_frame_is_held_back_once(clock):
    with use_clock(clock):
        link = open_link(faults="slow:200@1")
    begin_s = clock.now_s()
    waiting = asyncio.ensure_future(link.next())
    await clock.until_waiting(begin_s + 0.2)

    waiting.cancel()
    await asyncio.wait([waiting])
    clock.advance(0.2)

    assert json.loads(await link.next())["type"] == "session.created"
    assert clock.now_s() == begin_s + 0.2


async def test_client_that_sends_does_not_hurry_a_late_frame(clock):
    with use_clock(clock):
        link = open_link(faults="slow:200@1")
    waiting = asyncio.ensure_future(link.next())
    await clock.until_waiting(clock.now_s() + 0.2)

    link.feed(CREATE)
    await asyncio.sleep(0)
    await clock.until_waiting(clock.now_s() + 0.2)

    assert not waiting.done()
    waiting.cancel()


async def test_stalled_link_still_hears_the_client():
    watch = Watch()
    link = Link(configure(faults="stall@2"), Opening("m"), watch=watch)
    await link.next()
    waiting = asyncio.ensure_future(link.next())
    await asyncio.sleep(0)

    link.feed(CREATE)
    await asyncio.sleep(0)

    assert not waiting.done()
    (watched,) = watch.sessions
    assert (watched.received, len(watched.sent)) == ([{"type": "response.create"}], 1)
    link.close()
    with pytest.raises(Ended):
        await waiting


async def test_ended_session_stays_ended():
    link = open_link(faults="close:1011@1")

    for _ in range(2):
        with pytest.raises(Ended) as caught:
            await link.next()
        assert (caught.value.code, caught.value.reason) == (1011, "")


async def test_expiry_is_an_end(clock):
    with use_clock(clock):
        link = open_link(max_session_s=60)
    await link.next()
    clock.advance(60)

    assert json.loads(await link.next())["error"]["code"] == "session_expired"
    with pytest.raises(Ended, match="60 minutes") as caught:
        await link.next()
    assert caught.value.code == 1001


async def test_client_is_heard_between_any_two_frames():
    """At full speed too, a client that reads and sends in two tasks can cancel."""
    link = open_link(speed=0, brain=lambda _: Say("a very long story " * 100))
    link.feed(CREATE)
    reading = asyncio.ensure_future(kinds_until(link, "response.done"))
    for _ in range(10):
        await asyncio.sleep(0)

    link.feed(json.dumps({"type": "response.cancel"}))

    assert (await reading).count("response.output_audio.delta") < 20


async def test_watch_has_both_sides_in_order():
    watch = Watch()
    link = Link(configure(speed=0, faults="garbage@2"), Opening("m"), watch=watch)

    link.feed(json.dumps({"type": "input_audio_buffer.clear"}))
    link.feed("not json")
    for _ in range(4):
        await link.next()

    (watched,) = watch.sessions
    assert watched.received == [{"type": "input_audio_buffer.clear"}, "not json"]
    garbage = watched.sent.pop(1)
    assert isinstance(garbage, str)
    assert [frame["type"] for frame in watched.sent] == [
        "session.created",
        "input_audio_buffer.cleared",
        "error",
    ]


# a client that does not take what was sent: its door is at a frame, and asks for nothing


async def overtaken(link):
    async with asyncio.timeout(10):
        return await link.overtaking()


@pytest.mark.parametrize(("fault", "end"), [("abort@2", End(None)), ("close:1011@2", End(1011))])
async def test_fault_of_the_next_frame_overtakes_one_that_is_not_taken(fault, end):
    watch = Watch()
    link = Link(configure(faults=fault), Opening("m"), watch=watch)
    await link.next()
    waiting = asyncio.ensure_future(overtaken(link))
    await asyncio.sleep(0)

    link.feed(CREATE)

    assert await waiting == end
    assert watch.sessions[0].ended_by == "server"


async def test_end_that_a_test_wants_overtakes_all(clock):
    with use_clock(clock):
        link = open_link(speed=0)
    await link.next()
    link.feed(CREATE)
    waiting = asyncio.ensure_future(overtaken(link))
    await asyncio.sleep(0)
    assert not waiting.done()

    link.end(End(1013, "later"))

    assert await waiting == End(1013, "later")


@pytest.mark.parametrize("is_speaking", [True, False])
async def test_client_that_takes_nothing_gets_too_old_in_spite_of_that(clock, is_speaking):
    with use_clock(clock):
        link = open_link(speed=0, max_session_s=60)
    begin_s = clock.now_s()
    await link.next()
    if is_speaking:
        link.feed(CREATE)
    waiting = asyncio.ensure_future(overtaken(link))

    await clock.until_waiting(begin_s + 60)
    clock.advance(60)
    await clock.until_waiting(begin_s + 62)
    assert not waiting.done()
    clock.advance(2)

    assert await waiting == End(1001, EXPIRED)


async def test_rejection_overtakes_its_reason_after_a_moment(clock):
    with use_clock(clock):
        link = Link(configure(), Opening("m", expired=True))
    begin_s = clock.now_s()
    await link.next()
    link.feed(CREATE)
    waiting = asyncio.ensure_future(overtaken(link))

    await clock.until_waiting(begin_s + 2)
    clock.advance(2)

    assert (await waiting).code == 4000


async def test_stalled_session_is_overtaken_by_nothing(clock):
    with use_clock(clock):
        link = open_link(faults="stall@1", max_session_s=60)
    begin_s = clock.now_s()
    waiting = asyncio.ensure_future(overtaken(link))
    await clock.until_waiting(begin_s + 60)
    clock.advance(60)
    for _ in range(10):
        await asyncio.sleep(0)

    assert not waiting.done()
    link.close()
    assert (await waiting).code == 1000


CLEAR = json.dumps({"type": "input_audio_buffer.clear"})


def flood(link):
    for _ in range(MAX_FRAMES + 1):
        link.feed(CLEAR)


async def test_client_is_heard_while_little_waits_for_it():
    await open_link().room()


async def test_flooding_client_is_not_heard_until_it_has_taken_something():
    link = open_link()
    flood(link)
    hearing = asyncio.ensure_future(link.room())
    await link.next()
    await asyncio.sleep(0)
    assert not hearing.done()

    await link.next()

    async with asyncio.timeout(10):
        await hearing


async def test_few_frames_may_be_too_much_too():
    link = open_link()
    await link.next()
    link.send("error", {"error": {"message": ["x" * (MAX_CHARACTERS + 1)]}})
    hearing = asyncio.ensure_future(link.room())
    await asyncio.sleep(0)
    assert not hearing.done()

    await link.next()

    await hearing


@pytest.mark.parametrize("faults", ["stall@1", ""])
async def test_flooding_client_is_heard_where_nothing_will_be_taken(faults):
    link = open_link(faults=faults)
    flood(link)
    hearing = asyncio.ensure_future(link.room())
    await asyncio.sleep(0)
    assert not hearing.done()

    if faults:
        waiting = asyncio.ensure_future(link.next())
    else:
        link.close()

    async with asyncio.timeout(10):
        await hearing
    if faults:
        waiting.cancel()


async def test_call_without_a_watch_hears_and_plays():
    link = Link(configure(speed=0), Opening("m", on_tracks=True))
    link.hear(bytes(960))
    assert link.play(480) == b""

    link.feed(CREATE)
    await kinds_until(link, "response.done")

    assert len(link.play(480)) == 960
