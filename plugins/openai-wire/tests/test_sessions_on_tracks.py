"""The engine of realtime-core where the audio is on tracks; the far end and the time are the test's."""

import asyncio
import json

import attrs
import numpy as np
import pytest
from realtime_core import (
    AudioContent,
    AudioFormat,
    RealtimeAudioEvent,
    RealtimeInterruptionEvent,
    RealtimeResponseEvent,
)
from realtime_core.client import RealtimeClient
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.errors import ConnectionLost, LostReason, RealtimeError
from realtime_core.provider import Provider
from realtime_core.stats import MediaStats
from realtime_openai_wire import WEBRTC_CAPABILITIES, OpenAIRealtimeExecutionSettings
from realtime_openai_wire.connection import WireConnection

STEREO = AudioFormat("pcm16", 48_000, 2)
WORDS = "It is sunny in Rome today, as it is nearly always in May, and nobody minds."


@attrs.frozen
class Options:
    timeout_s: float = 10.0


class Call:
    """The far end of a call."""

    takes_audio = True
    waiting_ms = 0.0
    stats = MediaStats()

    def __init__(self, clock):
        self._clock = clock
        self._arriving = asyncio.Queue()
        self.sent = []

    def says(self, name, **fields):
        self._arriving.put_nowait(json.dumps({"type": name, **fields}))

    async def plays(self, loudness, frames=1):
        """That much of the track, in its time."""
        for _ in range(frames):
            data = np.full(1920, loudness, dtype="<i2").tobytes()
            self._arriving.put_nowait(AudioContent(data, STEREO))
            await self.moves(0.02)

    async def moves(self, seconds):
        self._clock.advance(seconds)
        for _ in range(30):
            await asyncio.sleep(0)

    async def send(self, text):
        self.sent.append(json.loads(text))
        if self.sent[-1]["type"] == "session.update":
            self.says("session.updated", session={"id": "s1"})

    async def recv(self):
        arrived = await self._arriving.get()
        if isinstance(arrived, ConnectionLost):
            raise arrived
        return arrived

    async def append(self, pcm):
        """It leaves at once."""

    async def flushed(self):
        """It has left."""

    def clear(self):
        """Nothing waits."""

    async def aclose(self):
        self._arriving.put_nowait(ConnectionLost("closed here", reason=LostReason.CLOSED))


class Talk:
    """An open session, what it was told, and its far end."""

    def __init__(self, call, session):
        self.call = call
        self.session = session
        self.told = []
        self.reading = asyncio.create_task(self._read())

    async def _read(self):
        try:
            async for event in self.session.receive():
                self.told.append(event)
        except RealtimeError as end:
            self.told.append(end)

    def of(self, kind):
        return [event for event in self.told if isinstance(event, kind)]

    def heard_ms(self, response_id):
        return sum(
            event.audio.duration_ms
            for event in self.of(RealtimeAudioEvent)
            if event.response_id == response_id
        )

    async def asked(self, **fields):
        """A response that was asked for, as it begins to be played; its handle."""
        asking = asyncio.create_task(self.session.create_response(**fields))
        await self.call.moves(0)
        metadata = self.call.sent[-1]["response"]["metadata"]
        self.begins("r1", metadata=metadata, **({"conversation_id": None} if fields else {}))
        await self.call.moves(0)
        return await asking

    def begins(self, response_id, **fields):
        item_id = response_id.replace("r", "i")
        part = {"response_id": response_id, "item_id": item_id, "content_index": 0}
        self.call.says("response.created", response={"id": response_id, **fields})
        self.call.says("response.content_part.added", part={"type": "audio"}, **part)
        self.call.says("output_audio_buffer.started", response_id=response_id)
        self.call.says("response.output_audio_transcript.delta", delta=WORDS, **part)

    def is_done(self, response_id="r1"):
        self.call.says("response.done", response={"id": response_id, "status": "completed", "output": []})


@pytest.fixture
async def talk():
    clock = VirtualClock()
    call = Call(clock)
    call.says("session.created", session={"id": "s1"})

    async def connect(_, setup):
        return WireConnection(call, setup, media=call)

    provider = Provider(
        connect=connect,
        options=Options,
        settings=OpenAIRealtimeExecutionSettings,
        capabilities=WEBRTC_CAPABILITIES,
        api_version=1,
    )
    with use_clock(clock):
        client = RealtimeClient(provider, name="call", settings={"turn_detection": {"type": "server_vad"}})
        session = await client.create_session()
    talking = Talk(call, session)
    await call.moves(0)
    yield talking
    await session.delete_session()
    await talking.reading


@pytest.mark.parametrize("between", [(), ("rate_limits.updated",)])
async def test_an_answer_is_heard_to_its_end_whatever_comes_before_its_rest(talk, between):
    handle = await talk.asked()
    hearing = asyncio.create_task(handle.heard())
    await talk.call.plays(9_000, frames=20)
    talk.is_done()
    talk.call.says("output_audio_buffer.stopped", response_id="r1")
    for name in between:
        talk.call.says(name, rate_limits=[])
    await talk.call.plays(9_000, frames=5)
    await talk.call.plays(0, frames=30)

    assert await asyncio.wait_for(hearing, 5) is True
    assert talk.heard_ms("r1") == pytest.approx(25 * 20, abs=1)
    talk.begins("r2")
    await talk.call.plays(5_000, frames=3)
    talk.call.says("output_audio_buffer.stopped", response_id="r2")
    await talk.call.plays(0, frames=10)
    assert talk.heard_ms("r1") == pytest.approx(25 * 20, abs=1)


async def test_an_answer_is_heard_when_its_track_brings_nothing_more(talk):
    handle = await talk.asked()
    hearing = asyncio.create_task(handle.heard())
    await talk.call.plays(9_000, frames=5)
    talk.is_done()
    talk.call.says("output_audio_buffer.stopped", response_id="r1")
    await talk.call.moves(0)
    for _ in range(6):
        await talk.call.moves(0.1)

    assert await asyncio.wait_for(hearing, 5) is True


async def test_a_user_who_speaks_as_soon_as_an_answer_was_played_interrupts_nothing(talk):
    await talk.asked()
    await talk.call.plays(9_000, frames=40)
    talk.is_done()
    talk.call.says("output_audio_buffer.stopped", response_id="r1")
    talk.call.says("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=1)
    await talk.call.plays(9_000, frames=5)

    assert not talk.of(RealtimeInterruptionEvent)
    assert talk.session.conversation[0].text == WORDS


@pytest.mark.parametrize("first", ["speech", "cleared"])
async def test_a_user_who_speaks_before_that_interrupts_once(talk, first):
    await talk.asked()
    await talk.call.plays(9_000, frames=100)
    talk.is_done()
    await talk.call.moves(0)
    for name in ("speech", "cleared") if first == "speech" else ("cleared", "speech"):
        if name == "speech":
            talk.call.says("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=1)
        else:
            talk.call.says("output_audio_buffer.cleared", response_id="r1")
    talk.call.says("conversation.item.truncated", item_id="i1", content_index=0, audio_end_ms=2_000)
    await talk.call.plays(9_000, frames=5)
    await talk.call.plays(0, frames=5)

    (interruption,) = talk.of(RealtimeInterruptionEvent)
    assert interruption.response_id == "r1"
    assert talk.heard_ms("r1") == pytest.approx(2_000, abs=40)
    (said, *_) = talk.session.conversation
    assert said.interrupted
    assert said.heard_ms == 2_000
    assert 0 < len(said.text) < len(WORDS)


async def test_interrupting_what_is_done_and_still_played_stops_it(talk):
    await talk.asked()
    await talk.call.plays(9_000, frames=5)
    talk.is_done()
    await talk.call.moves(0)
    talk.call.sent.clear()

    assert await talk.session.interrupt()

    assert [frame["type"] for frame in talk.call.sent] == ["output_audio_buffer.clear"]


async def test_an_aside_is_in_its_handle_and_nobody_hears_it(talk):
    handle = await talk.asked(conversation="none")
    await talk.call.plays(7_000, frames=50)
    talk.call.says("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=1)
    talk.is_done()
    talk.call.says("output_audio_buffer.stopped", response_id="r1")
    await talk.call.moves(0)
    talk.begins("r2")
    await talk.call.plays(5_000, frames=3)
    talk.call.says("output_audio_buffer.stopped", response_id="r2")
    await talk.call.plays(0, frames=10)

    assert sum(piece.duration_ms for piece in handle.audio) == pytest.approx(1_000)
    assert {event.response_id for event in talk.of(RealtimeAudioEvent)} == {"r2"}
    samples = np.concatenate([event.audio.to_ndarray() for event in talk.of(RealtimeAudioEvent)])
    assert 4_000 < samples.max() < 6_000
    assert not talk.of(RealtimeInterruptionEvent)
    assert [event.phase for event in talk.of(RealtimeResponseEvent) if event.response_id == "r1"] == [
        "created",
        "playback_started",
        "done",
        "playback_stopped",
    ]


async def test_whoever_stops_listening_at_the_end_of_an_answer_has_had_all_of_it(talk):
    await talk.asked()
    talk.is_done()
    await talk.call.plays(9_000, frames=25)
    talk.call.says("output_audio_buffer.stopped", response_id="r1")
    await talk.call.plays(9_000, frames=5)
    await talk.call.plays(0, frames=5)

    end = next(
        place
        for place, event in enumerate(talk.told)
        if isinstance(event, RealtimeResponseEvent) and event.phase == "done"
    )
    heard = [event.audio for event in talk.told[:end] if isinstance(event, RealtimeAudioEvent)]
    assert sum(audio.duration_ms for audio in heard) == pytest.approx(30 * 20, abs=35)
    frames = [event.service_type for event in talk.told if event.service_type == "response.done"]
    assert len(frames) == 1
