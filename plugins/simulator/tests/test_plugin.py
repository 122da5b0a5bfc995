import asyncio

import pytest
from realtime_core import (
    PCM16_24KHZ,
    RealtimeAudioEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    create_client,
)
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    InvalidOptions,
    LostReason,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.provider import Setup
from realtime_openai_wire import NATIVE_FORMATS, OpenAIRealtimeExecutionSettings
from realtime_simulator.brain import Say
from realtime_simulator.options import SimulatorOptions, configure
from realtime_simulator.plugin import connect, realtime_provider
from realtime_simulator.watch import Watch

SETTINGS = {"input_audio_format": PCM16_24KHZ, "output_audio_format": PCM16_24KHZ}


async def events_until_done(session):
    events = []
    async for event in session.receive():
        events.append(event)
        if isinstance(event, RealtimeResponseEvent) and event.phase == "done":
            break
    return events


def said(events):
    return "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent))


def test_provider_is_openais_dialect_in_all_its_formats():
    provider = realtime_provider()

    assert provider.options is SimulatorOptions
    assert provider.settings is OpenAIRealtimeExecutionSettings
    assert provider.capabilities.input_formats == NATIVE_FORMATS
    assert provider.capabilities.output_formats == NATIVE_FORMATS


async def test_text_turn_through_the_whole_stack():
    async with create_client("simulator", speed=0)(output_modalities=["text"]) as session:
        await session.send_text("good evening", respond=True)

        assert said(await events_until_done(session)) == "You said: good evening"


async def test_manual_audio_turn_through_the_whole_stack(speech):
    client = create_client("simulator", speed="0", transcripts="good day")
    async with client(turn_detection=None) as session:
        await session.send_audio(speech(1000))
        await session.commit_audio()
        await session.create_response()
        events = await events_until_done(session)

    assert said(events) == "You said: good day"
    audio = b"".join(event.audio.data for event in events if isinstance(event, RealtimeAudioEvent))
    assert audio == speech(1000)


async def test_vad_turn_through_the_whole_stack(speech, silence):
    async with create_client("simulator", speed=0)() as session:
        await session.send_audio(silence(500) + speech(1000) + silence(1000))

        assert said(await events_until_done(session)) == "I heard 1.5 seconds of speech."


async def test_fault_reaches_the_user_as_a_typed_loss():
    async with create_client("simulator", faults="close:1001@3")() as session:
        await session.send_text("x")
        with pytest.raises(ConnectionLost) as caught:
            await events_until_done(session)

    assert (caught.value.reason, caught.value.code) == (LostReason.EXPIRED, 1001)


async def test_brain_can_be_given_as_it_is():
    async with create_client("simulator", speed=0, brain=lambda _: Say("Moin."))(
        create_response=True
    ) as session:
        assert said(await events_until_done(session)) == "Moin."


async def test_session_has_the_model_of_its_settings():
    settings = OpenAIRealtimeExecutionSettings(model="gpt-realtime-mini", **SETTINGS)

    connection = await connect(SimulatorOptions(), Setup(settings=settings))
    (created,) = await connection.receive()
    await connection.aclose()

    assert created.service_event["session"]["model"] == "gpt-realtime-mini"


async def test_script_that_cannot_be_read_fails_at_the_connect():
    settings = OpenAIRealtimeExecutionSettings(**SETTINGS)

    with pytest.raises(InvalidOptions, match=r"nowhere\.toml"):
        await connect(configure(script="nowhere.toml"), Setup(settings=settings))


async def test_session_may_only_listen(speech, silence):
    client = create_client("simulator", intent="transcription", transcripts="Good day.", speed=0)
    async with client(input_audio_transcription={"model": "gpt-4o-transcribe"}) as session:
        await session.send_audio(speech(500) + silence(500))
        async for event in session.receive():
            if isinstance(event, RealtimeTranscriptEvent) and event.final:
                break

    assert (event.role, event.text) == ("user", "Good day.")


def test_session_that_only_listens_answers_nothing():
    client = create_client("simulator", intent="transcription")

    assert (client.capabilities.turns, client.capabilities.images) == (False, False)
    assert "voice" not in client.capabilities.live_settings
    with pytest.raises(UnsupportedCommand, match="simulator"):
        client(create_response=True)


async def test_session_that_only_listens_has_no_voice():
    setup = Setup(settings=OpenAIRealtimeExecutionSettings(voice="cedar"))

    with pytest.raises(UnsupportedSetting, match="voice"):
        await connect(configure(intent="transcription"), setup)


def test_it_reaches_nothing_over_the_network():
    assert realtime_provider().endpoint(configure()) is None


async def test_watch_can_have_the_next_session_refused():
    watch = Watch()
    watch.reception.refuse()
    client = create_client("simulator", watch=watch)

    with pytest.raises(AuthenticationFailed, match="the simulator"):
        await client.create_session()

    await (await client.create_session()).delete_session()


async def test_watch_can_have_the_next_session_ignored():
    clock, watch = VirtualClock(), Watch()
    watch.reception.ignore()
    with use_clock(clock):
        opening = asyncio.ensure_future(create_client("simulator", watch=watch).create_session())
        await clock.until_waiting()
        clock.advance(10)

        with pytest.raises(ConnectionFailed) as caught:
            await opening
    assert caught.value.reason is FailedReason.TIMEOUT


async def test_watch_can_plan_the_faults_of_the_next_session():
    watch = Watch()
    watch.reception.fault("close:1013@1")

    with pytest.raises(ConnectionLost) as caught:
        await create_client("simulator", watch=watch).create_session()

    assert caught.value.reason is LostReason.GOING_AWAY
