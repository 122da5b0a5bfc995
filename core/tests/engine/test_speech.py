"""What the assistant says, on its way: delivered, played, interrupted."""

import asyncio

import pytest
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.contents import AudioContent
from realtime_core.engine.queue import EventQueue
from realtime_core.engine.speech import AssistantSpeech
from realtime_core.errors import InvalidSettings, SessionStateError
from realtime_core.events import RealtimeAudioEvent, RealtimeEvent, RealtimeInterruptionEvent
from realtime_core.limits import SessionLimits

PCM8 = AudioFormat("pcm16", 8_000)
OVER = SessionStateError("over")


class Sink:
    """Plays what the test says."""

    def __init__(self, rate_hz=24_000):
        self.rate_hz = rate_hz
        self.played_ms = 0.0
        self.samples = 0
        self.clears = 0

    def write(self, pcm):
        self.samples += len(pcm)

    def clear(self):
        self.clears += 1


@pytest.fixture
def queue():
    return EventQueue(1 << 20)


@pytest.fixture
def speech(queue, clock):
    return AssistantSpeech(
        PCM16_24KHZ,
        capabilities=Capabilities(
            input_formats=(PCM16_24KHZ,), output_formats=(PCM16_24KHZ,), truncate="client"
        ),
        limits=SessionLimits(),
        clock=clock,
        queue=queue,
        report=queue.put,
    )


def audio(ms=100, response="r1", item="i1", fmt=PCM16_24KHZ):
    data = bytes(int(fmt.rate_hz * ms / 1000) * 2)
    return RealtimeAudioEvent(response_id=response, item_id=item, audio=AudioContent(data, fmt))


def end(speech, response="r1", item="i1"):
    speech.item_done(item)
    speech.response_done(response)


async def read(queue):
    return [await queue.get() for _ in range(len(queue))]


async def waiting(speech, response="r1"):
    task = asyncio.create_task(speech.heard(response))
    await asyncio.sleep(0)
    return task


async def test_what_a_consumer_reads_is_played_by_it(speech, queue, clock):
    speech.take(audio())
    end(speech)
    task = await waiting(speech)

    assert speech.is_playing
    await read(queue)
    clock.advance(0.1)
    assert await task is True
    assert not speech.is_playing


async def test_heard_waits_for_what_has_not_been_read(speech, queue, clock):
    speech.take(audio())
    end(speech)
    task = await waiting(speech)

    for _ in range(10):
        clock.advance(1)
        await asyncio.sleep(0)
    assert not task.done()

    await read(queue)
    while not task.done():
        clock.advance(0.1)
        await asyncio.sleep(0)
    assert task.result() is True


async def test_a_response_without_audio_was_heard(speech):
    speech.response_created("r1")
    speech.response_done("r1")

    assert await speech.heard("r1") is True


async def test_a_callback_has_it_at_once_and_the_queue_knows(speech, queue):
    pieces = []
    speech.attach(pieces.append)
    speech.take(audio())

    assert len(pieces) == 1
    assert list(queue.unheard_audio()) == []


async def test_a_callback_that_comes_late_gets_what_it_missed(speech, queue):
    pieces = []
    speech.take(audio())
    speech.attach(pieces.append, queue.unheard_audio())

    assert len(pieces) == 1


async def test_a_sink_that_does_not_fit_changes_nothing(speech):
    sink = Sink()
    speech.attach(sink)

    with pytest.raises(InvalidSettings, match="8000 Hz"):
        speech.attach(Sink(8_000))
    speech.take(audio())

    assert sink.samples == 2_400


async def test_what_left_the_queue_unread_is_not_waited_for(speech):
    event = audio()
    speech.take(event)
    speech.dropped(event)
    end(speech)

    assert await speech.heard("r1") is True


@pytest.mark.parametrize("has_callback", [True, False])
async def test_what_the_converter_still_holds_comes_at_the_end(speech, queue, has_callback):
    sink = Sink()
    if has_callback:
        speech.attach(sink)
    speech.take(audio(fmt=PCM8))
    before = sum(event.audio.duration_ms for event in await read(queue))
    speech.response_done("r1")
    after = sum(event.audio.duration_ms for event in await read(queue))

    assert before < 100
    assert before + after == pytest.approx(100)
    assert sink.samples == (2_400 if has_callback else 0)


async def test_a_new_target_holds_for_what_comes(speech, queue):
    speech.retarget(PCM8)
    speech.take(audio())

    assert {event.audio.format for event in await read(queue)} == {PCM8}


async def test_an_interruption_is_ahead_of_everything_and_takes_the_audio_away(speech, queue):
    speech.take(audio())
    queue.put(RealtimeEvent(service_type="plain"))
    speech.response_created("r1")

    interruption = speech.user_began(["r1"], interrupting=True)

    first, second = await read(queue)
    assert first is interruption.event
    assert isinstance(first, RealtimeInterruptionEvent)
    assert first.discarded_ms == 100
    assert second.service_type == "plain"


async def test_audio_that_waits_for_a_coroutine_callback_is_taken_away_too(speech):
    async def play(_):
        raise AssertionError("nobody runs it")

    speech.attach(play)
    speech.take(audio())

    assert speech.silence(["r1"]).event.discarded_ms == 100
    assert speech.output.backlog_bytes == 0


async def test_late_audio_of_what_was_cut_is_a_plain_event(speech, queue):
    sink = Sink()
    speech.attach(sink)
    speech.take(audio())
    speech.silence(["r1"])
    await read(queue)
    speech.take(audio())
    speech.take(audio(response="r2", item="i2"))
    late, following = await read(queue)

    assert type(late) is RealtimeEvent
    assert type(following) is RealtimeAudioEvent
    assert (sink.samples, sink.clears) == (4_800, 1)


@pytest.mark.parametrize("response_id", ["r1", None])
async def test_what_was_cut_was_not_heard(speech, response_id):
    speech.take(audio(response=response_id))
    end(speech, response_id)
    task = await waiting(speech, response_id)
    speech.silence([])

    assert await task is False


async def test_nothing_to_interrupt_changes_nothing(speech, queue):
    assert speech.silence([]) is None
    assert speech.user_began(["r1"], interrupting=False) is None
    assert (
        speech.service_interrupted(RealtimeInterruptionEvent(cause="service", response_id="r9"), []) is None
    )
    assert len(queue) == 0


async def test_the_service_may_interrupt(speech):
    speech.take(audio())

    told = speech.service_interrupted(RealtimeInterruptionEvent(cause="service", response_id="r1"), ["r1"])

    assert told.event.cause == "service"


async def test_a_report_wakes_who_waits(speech):
    speech.attach(lambda _: None)
    speech.take(audio(60_000))
    end(speech)
    task = await waiting(speech)

    speech.report_played("i1", 60_000)

    assert await task is True


async def test_the_end_of_the_session_ends_the_waiting(speech):
    speech.take(audio())
    task = await waiting(speech)

    assert speech.abandon(OVER) == 0
    with pytest.raises(SessionStateError, match="over"):
        await task


async def test_what_was_heard_before_the_end_was_heard(speech):
    speech.response_done("r1")
    speech.abandon(OVER)

    assert await speech.heard("r1") is True


# -- what the service plays itself --------------------------------------------------------------------


@pytest.fixture
def paced(queue, clock):
    return AssistantSpeech(
        PCM16_24KHZ,
        capabilities=Capabilities(output_formats=(PCM8,), paced=True),
        limits=SessionLimits(),
        clock=clock,
        queue=queue,
        report=queue.put,
    )


async def test_what_the_service_plays_is_heard_when_it_has_stopped(speech, queue, clock):
    speech.playback_started("r1")
    speech.response_done("r1")
    task = await waiting(speech)
    speech.take(audio(20))
    await read(queue)
    clock.advance(1)
    await asyncio.sleep(0)
    assert speech.is_playing
    assert not task.done()

    speech.playback_stopped("r1")

    assert await task is True


async def test_the_conversion_of_what_the_service_plays_ends_with_the_playing(paced, queue):
    paced.playback_started("r1")
    paced.take(audio(fmt=PCM8))
    before = len(queue)
    paced.response_done("r1")
    assert len(queue) == before  # the rest is still in the resampler

    paced.playback_stopped("r1")

    pieces = await read(queue)
    assert sum(len(piece.audio.data) for piece in pieces) == len(audio().audio.data)


def test_what_was_cut_before_the_service_plays_it_is_over(speech):
    speech.response_created("r1")
    speech.silence(["r1"])

    speech.playback_started("r1")

    assert not speech.is_playing
    assert speech.silence(["r1"]) is None
    assert speech.user_began([], interrupting=True) is None


async def test_the_rest_of_what_the_service_has_played_is_delivered_to_its_end(paced, queue):
    paced.playback_started("r1")
    paced.response_done("r1")
    paced.playback_stopped("r1")

    for _ in range(3):
        paced.take(audio(20, fmt=PCM8))

    pieces = await read(queue)
    assert sum(len(piece.audio.data) for piece in pieces) == len(audio(60).audio.data)
    assert not paced.is_playing


async def test_what_was_spoken_and_is_not_played_yet_is_not_heard_yet(paced, clock):
    paced.response_done("r1", spoken=True)
    task = await waiting(paced)
    clock.advance(1)
    await asyncio.sleep(0)
    assert paced.is_playing
    assert not task.done()

    paced.playback_started("r1")
    paced.playback_stopped("r1")

    assert await task is True


def test_what_was_cut_is_not_about_to_be_played(paced):
    paced.response_created("r1")
    paced.silence(["r1"])

    paced.response_done("r1", spoken=True)

    assert not paced.is_playing


def test_where_the_service_does_not_play_nothing_is_about_to(speech):
    speech.response_done("r1", spoken=True)

    assert not speech.is_playing
