"""The simulator's calls, made by a real Chromium."""

import base64
from contextlib import asynccontextmanager

import aiohttp
import numpy as np
import pytest
from aiohttp import web
from browser.sound import AMIABLE, loud, peak_hz, speech, tone, written
from realtime_simulator import Say
from workspace import ROOT

HERE = ROOT / "tests" / "browser"
HEARD_HZ = 48_000
TALKING = {"type": "realtime", "model": "gpt-realtime-2.1", "audio": {"input": {"turn_detection": None}}}


class Caller:
    """The page of one call, and the simulator that it calls."""

    def __init__(self, page, simulator):
        self.page = page
        self.simulator = simulator
        self.session = None

    async def begin(self, session):
        """Make a secret, and a call with it, both from the page."""
        base_url = self.simulator.base_url
        secret = await self.page.evaluate(
            "([url, session]) => call.secret(url, session)", [f"{base_url}/realtime/client_secrets", session]
        )
        begin = "([url, key]) => call.begin(url, key)"
        await self.page.evaluate(begin, [f"{base_url}/realtime/calls", secret])
        self.session = await self.simulator.session()

    async def send(self, kind, **fields):
        await self.page.evaluate("event => call.send(event)", {"type": kind, **fields})

    async def ask(self):
        """Write something, and have it answered."""
        content = [{"type": "input_text", "text": "Sing."}]
        await self.send(
            "conversation.item.create", item={"type": "message", "role": "user", "content": content}
        )
        await self.send("response.create")

    async def until(self, kind):
        """Wait for a frame of that type; gives the first."""
        found = await self.page.wait_for_function(
            "kind => call.received.find(({ type }) => type === kind)", arg=kind
        )
        return await found.json_value()

    async def heard(self, samples):
        """Wait until so many samples at 48 kHz have been heard; gives all of them."""
        await self.page.wait_for_function("samples => call.heardSamples() >= samples", arg=samples)
        return np.frombuffer(base64.b64decode(await self.page.evaluate("call.recording()")), np.int16)

    async def received(self):
        return await self.page.evaluate("call.received")

    async def kinds(self):
        return [frame["type"] for frame in await self.received()]

    async def wait_state(self, state):
        await self.page.wait_for_function("state => call.states.includes(state)", arg=state)


@pytest.fixture
def calling(realtime_simulator, serving, open_page):
    """A page that is in a call with a simulator, whose options are given."""

    async def blank(_):
        return web.Response(text='<!doctype html><script src="/call.js"></script>', content_type="text/html")

    def make(_):
        app = web.Application()
        app.add_routes([web.get("/", blank), web.static("/", HERE)])
        return app

    @asynccontextmanager
    async def begun(*, microphone=AMIABLE, session=TALKING, **options):
        origin = await serving(make)
        async with (
            realtime_simulator(**options) as simulator,
            open_page(origin, microphone=microphone) as page,
        ):
            caller = Caller(page, simulator)
            await caller.begin(session)
            yield caller

    return begun


async def test_a_page_of_another_origin_may_call(calling):
    async with calling() as caller:
        answer = await caller.page.evaluate("call.answer")

    assert answer["status"] == 201
    assert answer["type"] == "application/sdp"
    assert answer["location"].startswith("/v1/realtime/calls/rtc_")


@pytest.mark.parametrize(
    "quirks",
    ["no-message-size,ice-lite,tcp-candidates,plain-sdp", "any-message-size", "huge-message-size"],
)
async def test_a_browser_takes_every_kind_of_answer(calling, quirks):
    async with calling(quirks=quirks) as caller:
        await caller.until("session.created")
        await caller.send("session.update", session={"type": "realtime", "instructions": "Sing."})

        await caller.until("session.updated")


async def test_session_created_comes_first_with_what_the_secret_says(calling):
    session = {**TALKING, "instructions": "Be brief."}
    async with calling(session=session) as caller:
        created = await caller.until("session.created")

        assert (await caller.kinds())[0] == "session.created"
    assert created["session"]["instructions"] == "Be brief."
    assert created["session"]["audio"]["input"]["turn_detection"] is None


async def test_frames_go_both_ways_over_the_channel(calling):
    async with calling() as caller:
        await caller.send("session.update", session={"type": "realtime", "instructions": "Sing."})
        updated = await caller.until("session.updated")
        await caller.send("no.such.event", event_id="mine")
        error = await caller.until("error")

    assert updated["session"]["instructions"] == "Sing."
    assert error["error"]["event_id"] == "mine"


async def test_a_tone_of_the_microphone_is_that_tone_at_the_server(calling, tmp_path):
    microphone = written(tmp_path / "tone.wav", tone(440, 10))
    async with calling(microphone=microphone) as caller:
        await caller.heard(3 * HEARD_HZ)
        samples = caller.session.heard

    begin, end = loud(samples, 24_000)
    assert end - begin > 1.5 * 24_000
    assert peak_hz(samples[begin + 2400 : end - 2400], 24_000) == pytest.approx(440, abs=2)


async def test_a_tone_of_the_server_is_that_tone_in_the_page(calling):
    async with calling(brain=lambda _: Say("La la la.", audio=tone(660, 2))) as caller:
        await caller.ask()
        stopped = await caller.until("output_audio_buffer.stopped")
        samples = await caller.heard(stopped["at"] + HEARD_HZ)

    begin, end = loud(samples, HEARD_HZ)
    assert (end - begin) / HEARD_HZ == pytest.approx(2, abs=0.25)
    assert peak_hz(samples[begin + 4800 : end - 4800], HEARD_HZ) == pytest.approx(660, abs=2)


async def test_audio_comes_over_the_track_and_words_over_the_channel(calling):
    async with calling(brain=lambda _: Say("La la la.", audio=tone(660, 1))) as caller:
        await caller.ask()
        started = await caller.until("output_audio_buffer.started")
        stopped = await caller.until("output_audio_buffer.stopped")
        done = await caller.until("response.done")
        words = await caller.until("response.output_audio_transcript.done")
        kinds = await caller.kinds()

    assert "response.output_audio.delta" not in kinds
    assert "response.output_audio.done" in kinds
    assert words["transcript"] == "La la la."
    assert started["response_id"] == stopped["response_id"] == done["response"]["id"]
    order = [
        "response.content_part.added",
        "output_audio_buffer.started",
        "response.done",
        "output_audio_buffer.stopped",
    ]
    assert sorted(order, key=kinds.index) == order


async def test_speech_of_the_microphone_is_a_turn(calling, tmp_path):
    session = {**TALKING, "audio": {"input": {"transcription": {"model": "gpt-realtime-whisper"}}}}
    microphone = written(tmp_path / "speech.wav", *speech(1, 6))
    async with calling(microphone=microphone, session=session, transcripts="How amiable!") as caller:
        words = await caller.until("conversation.item.input_audio_transcription.completed")
        await caller.until("output_audio_buffer.started")
        kinds = await caller.kinds()

    assert words["transcript"] == "How amiable!"
    order = ["speech_started", "speech_stopped", "committed"]
    assert [kind.partition(".")[2] for kind in kinds if kind.startswith("input_audio_buffer.")][:3] == order


async def test_speech_interrupts_the_assistant_and_the_service_truncates(calling, tmp_path):
    session = {**TALKING, "audio": {"input": {"turn_detection": {"type": "server_vad"}}}}
    microphone = written(tmp_path / "speech.wav", *speech(5, 10))
    sung = lambda _: Say("La la la.", audio=tone(660, 60))  # noqa: E731
    async with calling(microphone=microphone, session=session, brain=sung) as caller:
        await caller.ask()
        started = await caller.until("output_audio_buffer.started")
        speech_started = await caller.until("input_audio_buffer.speech_started")
        cleared = await caller.until("output_audio_buffer.cleared")
        truncated = await caller.until("conversation.item.truncated")
        samples = await caller.heard(cleared["at"] + HEARD_HZ)
        kinds = await caller.kinds()

    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("output_audio_buffer.cleared")
    assert speech_started["at"] <= cleared["at"]
    begin, end = loud(samples[: cleared["at"] + HEARD_HZ], HEARD_HZ)
    played_ms = (end - begin) * 1000 / HEARD_HZ
    # of a minute; a busy browser plays late
    assert truncated["audio_end_ms"] == pytest.approx(played_ms, abs=1_000)
    assert started["response_id"] == cleared["response_id"]


async def test_a_client_stops_the_assistant(calling):
    async with calling(brain=lambda _: Say("La la la.", audio=tone(660, 60)), speed=3) as caller:
        await caller.ask()
        await caller.until("output_audio_buffer.started")
        await caller.send("response.cancel")
        await caller.send("output_audio_buffer.clear")
        done = await caller.until("response.done")
        cleared = await caller.until("output_audio_buffer.cleared")
        samples = await caller.heard(cleared["at"] + 2 * HEARD_HZ)

    assert done["response"]["status"] == "cancelled"
    assert np.abs(samples[cleared["at"] + HEARD_HZ :]).max() < 100


async def test_the_track_never_stops(calling):
    async with calling() as caller:
        samples = await caller.heard(2 * HEARD_HZ)
        packets = await caller.page.evaluate(
            """async () => {
                const stats = [...(await call.peer.getStats()).values()];
                return stats.find(({ type }) => type === "inbound-rtp").packetsReceived;
            }"""
        )

    assert np.abs(samples).max() < 100
    assert packets > 50


async def test_a_page_that_hangs_up_ends_the_session(calling):
    async with calling() as caller:
        await caller.page.evaluate("call.hangUp()")

        assert await caller.session.wait_ended() == "client"


async def test_a_page_that_is_left_ends_the_session(calling):
    async with calling() as caller:
        await caller.page.goto("about:blank")

        assert await caller.session.wait_ended() == "client"


async def test_a_server_that_hangs_up_closes_the_channel(calling):
    async with calling() as caller:
        caller.session.close()

        await caller.wait_state("channel closed")


async def test_a_call_is_hung_up_by_its_id(calling):
    async with calling() as caller, aiohttp.ClientSession() as client:
        location = await caller.page.evaluate("call.answer.location")
        url = f"{caller.simulator.base_url.removesuffix('/v1')}{location}/hangup"
        async with client.post(url, headers={"Authorization": "Bearer any"}) as answer:
            assert answer.status == 200

        await caller.wait_state("channel closed")


async def test_a_server_that_vanishes_is_noticed(calling):
    async with calling() as caller:
        caller.session.drop()

        await caller.wait_state("disconnected")
