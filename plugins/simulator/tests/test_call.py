"""A call between its session and its carrier, without a peer: the frames, the side-bands, the end."""

import asyncio
import json

import pytest
from realtime_simulator.call import FILTERED, Call
from realtime_simulator.frames import End
from realtime_simulator.link import Ended, Link
from realtime_simulator.opening import Opening
from realtime_simulator.options import configure
from realtime_simulator.watch import Watch


class Carrier:
    """A peer connection whose client takes frames of up to ``limit`` characters."""

    def __init__(self, limit):
        self.over = asyncio.get_running_loop().create_future()
        self.sent = asyncio.Queue()
        self.ending = None
        self._limit = limit

    def send(self, text):
        if len(text) > self._limit:
            return False
        self.sent.put_nowait(text)
        return True

    async def aclose(self):
        self.ending = "closed"

    async def vanish(self):
        self.ending = "vanished"


class Carried:
    """A call that is carried."""

    def __init__(self, *, limit=100_000, is_filtered=False, **options):
        self.watch = Watch()
        self.link = Link(
            configure(speed=0, **options), Opening("gpt-realtime", on_tracks=True), watch=self.watch
        )
        self.carrier = Carrier(limit)
        self.call = Call(self.link, self.carrier, name="session 1", is_filtered=is_filtered)
        self.task = asyncio.ensure_future(self.call.carry())

    def say(self, kind, **fields):
        self.call.feed(json.dumps({"type": kind, **fields}))

    async def hear(self):
        return json.loads(await self.carrier.sent.get())["type"]


@pytest.fixture
async def carried():
    made = []

    def make(**given):
        made.append(Carried(**given))
        return made[-1]

    yield make
    for one in made:
        one.task.cancel()
    await asyncio.gather(*(one.task for one in made), return_exceptions=True)


async def test_nothing_is_said_before_anybody_can_hear_it(carried):
    one = carried()
    await asyncio.sleep(0)
    assert one.watch.sessions[0].sent == []

    one.call.opened()

    assert await one.hear() == "session.created"


async def test_side_band_hears_and_says_all_but_the_beginning(carried):
    one = carried()
    band = one.call.join()
    band.feed('{"type": "input_audio_buffer.clear"}')

    assert await one.hear() == "session.created"
    assert await one.hear() == "input_audio_buffer.cleared"
    assert json.loads(await band.next())["type"] == "input_audio_buffer.cleared"


async def test_side_band_that_has_gone_hears_nothing(carried):
    one = carried()
    band = one.call.join()
    band.close()
    band.close()
    one.say("input_audio_buffer.clear")

    assert [await one.hear(), await one.hear()] == ["session.created", "input_audio_buffer.cleared"]
    with pytest.raises(Ended):
        await band.next()


async def test_filter_lets_the_side_band_hear_all(carried):
    one = carried(is_filtered=True)
    band = one.call.join()
    one.say("response.create")

    kinds = []
    while "response.done" not in kinds:
        kinds.append(json.loads(await band.next())["type"])
    heard = [await one.hear() for _ in range(one.carrier.sent.qsize())]

    assert heard == [kind for kind in kinds if kind in FILTERED]
    assert "output_audio_buffer.started" in heard


async def test_garbage_passes_the_channel_and_not_the_filter(carried):
    plain, filtered = carried(faults="garbage@1"), carried(faults="garbage@1", is_filtered=True)
    plain.call.opened()
    band = filtered.call.join()

    assert (await plain.carrier.sent.get()).endswith("UklGR")
    assert (await band.next()).endswith("UklGR")
    assert filtered.carrier.sent.empty()


async def test_frame_that_is_too_large_for_the_client_is_told(carried):
    one = carried(limit=500)
    one.call.opened()

    told = json.loads(await one.carrier.sent.get())

    assert told["error"]["code"] == "message_too_large"
    assert told["error"]["message"].startswith("session.created")


async def test_error_that_is_too_large_is_not_told_again(carried):
    one = carried(limit=100)
    one.call.opened()
    one.call.hear(bytes(48))

    one.link.send("x", {})
    assert await one.hear() == "x"


async def test_client_that_goes_ends_the_call(carried):
    one = carried()
    band = one.call.join()
    one.carrier.over.set_result(None)

    assert (await one.task).code == 1000
    assert one.watch.sessions[0].ended_by == "client"
    assert one.carrier.ending == "closed"
    with pytest.raises(Ended):
        await _last(band)


async def test_client_hangs_up(carried):
    one = carried()
    one.call.hang_up()
    one.call.hang_up()

    assert (await one.task).code == 1000
    assert one.watch.sessions[0].ended_by == "client"


async def test_server_hangs_up(carried):
    one = carried()
    band = one.call.join()
    one.call.hang_up(End(1001))

    assert (await one.task).code == 1001
    assert one.watch.sessions[0].ended_by == "server"
    with pytest.raises(Ended) as ended:
        await asyncio.wait_for(_last(band), 5)
    assert ended.value.code == 1001


async def _last(band):
    while True:
        await band.next()


@pytest.mark.parametrize(
    ("fault", "code", "ending"), [("close:1011@1", 1011, "closed"), ("abort@1", None, "vanished")]
)
async def test_fault_ends_the_call(carried, fault, code, ending):
    one = carried(faults=fault)
    one.call.opened()

    assert (await one.task).code == code
    assert one.carrier.ending == ending
    assert one.watch.sessions[0].ended_by == "server"


async def test_what_breaks_the_connection_breaks_the_call(carried):
    one = carried()
    band = one.call.join()
    one.carrier.over.set_exception(ValueError("broken"))

    with pytest.raises(ValueError, match="broken"):
        await one.task
    assert one.carrier.ending == "closed"
    with pytest.raises(Ended) as ended:
        await _last(band)
    assert ended.value.code == 1011


async def test_who_joins_a_call_that_is_over_is_told_so(carried):
    one = carried()
    one.call.hang_up()
    await one.task

    with pytest.raises(Ended):
        await one.call.join().next()


async def test_audio_of_the_tracks_is_that_of_the_session(carried, speech):
    one = carried()
    one.call.opened()
    one.call.hear(speech(1000))
    assert await one.hear() == "session.created"
    assert await one.hear() == "input_audio_buffer.speech_started"
    assert one.watch.sessions[0].heard.tobytes() == speech(1000)

    one.say("response.create")
    while await one.hear() != "output_audio_buffer.started":
        pass
    assert any(one.call.play(480))
