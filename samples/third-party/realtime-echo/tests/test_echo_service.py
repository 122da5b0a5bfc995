"""``echo-ws`` by name, and the service that it is for."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from realtime_core import (
    AudioContent,
    ProviderError,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeInterruptionEvent,
    RealtimeSession,
    RealtimeTextEvent,
    UnsupportedSetting,
    create_client,
)
from realtime_echo.codec import PCM16_16KHZ
from realtime_echo.service import serving

KEY = "a-key-for-tests"
BOUND_S = 20


def talk(script: Callable[[RealtimeSession], Any], **given: Any) -> Any:
    """What ``script`` makes of a session with the service."""

    async def run() -> Any:
        async with asyncio.timeout(BOUND_S), serving(api_key=KEY) as url:
            client = create_client("echo-ws", url=url, api_key=KEY)
            async with client(**given) as session:
                return await script(session)

    return asyncio.run(run())


async def until(
    session: RealtimeSession, holds: Callable[[list[RealtimeEvent]], bool]
) -> list[RealtimeEvent]:
    """The events up to the one that makes ``holds`` of all of them true."""
    events: list[RealtimeEvent] = []
    async for event in session.receive():
        events.append(event)
        if holds(events):
            break
    return events


def printed(events: list[RealtimeEvent]) -> str:
    return "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent)).strip()


def heard_ms(events: list[RealtimeEvent]) -> float:
    return sum(event.audio.duration_ms for event in events if isinstance(event, RealtimeAudioEvent))


def tone(duration_s: float) -> AudioContent:
    wave = np.sin(np.arange(int(16_000 * duration_s)) / 8) * 8_000
    return AudioContent(wave.astype("<i2").tobytes(), PCM16_16KHZ)


def test_it_repeats_a_text_and_speaks_it() -> None:
    async def script(session: RealtimeSession) -> list[RealtimeEvent]:
        await session.send_text("Good evening")
        return await until(
            session, lambda events: printed(events) == "Good evening" and heard_ms(events) > 150
        )

    talk(script)


def test_instructions_and_voice_reach_it() -> None:
    async def script(session: RealtimeSession) -> list[RealtimeEvent]:
        await session.send_text("Good evening")
        return await until(session, lambda events: printed(events) == "GOOD EVENING")

    talk(script, instructions="Shout.", voice="high")


def test_it_repeats_what_it_hears_after_a_pause() -> None:
    async def script(session: RealtimeSession) -> list[RealtimeEvent]:
        await session.send_audio(tone(1.0))
        await session.send_audio(AudioContent(bytes(16_000), PCM16_16KHZ))
        return await until(session, lambda events: heard_ms(events) > 1300)

    talk(script)


def test_it_goes_on_by_itself_when_it_has_the_result_of_its_call() -> None:
    def double(n: int) -> int:
        """Twice a number."""
        return 2 * n

    async def script(session: RealtimeSession) -> list[RealtimeEvent]:
        await session.send_text('call double {"n": 21}')
        return await until(session, lambda events: printed(events) == "double gave 42")

    talk(script, tools=[double])


def test_who_speaks_while_it_does_interrupts_it() -> None:
    async def script(session: RealtimeSession) -> list[RealtimeEvent]:
        await session.send_text("one two three four five six seven eight nine ten " * 20)
        await session.send_audio(tone(0.1))
        return await until(session, lambda events: isinstance(events[-1], RealtimeInterruptionEvent))

    talk(script)


def test_frame_that_it_cannot_read_is_an_error_and_it_goes_on() -> None:
    async def script(session: RealtimeSession) -> list[RealtimeEvent]:
        await session.send(RealtimeEvent(service_type="say", service_event={"not": "a text"}))
        await session.send_text("call double no JSON")
        events = await until(session, lambda events: isinstance(events[-1], RealtimeErrorEvent))
        await session.send_text("Still there?")
        return events + await until(session, lambda events: printed(events) == "Still there?")

    talk(script, tools=[{"name": "double"}])


def test_voice_that_it_does_not_have_is_refused() -> None:
    with pytest.raises(ProviderError, match="low, high"):
        talk(lambda _: None, voice="marin")


def test_setting_that_it_does_not_have_is_refused() -> None:
    with pytest.raises(UnsupportedSetting, match="'speed'; choose from instructions, voice"):
        talk(lambda _: None, speed=1.2)
