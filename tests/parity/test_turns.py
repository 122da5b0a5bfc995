"""Turns in text and in speech, the user's and the assistant's: the same events and sound everywhere."""

from typing import Any

import numpy as np
import pytest
import soundfile
from listening import errors, heard_ms, is_done, printed
from own_protocol.talk import Player
from parity.providers import every_provider
from parity.talk import (
    LIKE,
    SPEECH,
    Talk,
    answer,
    likeness,
    pitch_hz,
    recording,
    samples,
    story,
    talking,
    tone,
)
from realtime_core import (
    AudioContent,
    AudioFormat,
    RealtimeAudioEvent,
    RealtimeInterruptionEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator import Say, Turn, echo, silence, speech

pytestmark = [pytest.mark.usefixtures("no_leaks"), every_provider]

OPENING = ["Session created", "Session updated"]
USERS_ITEM = ["Item added", "Item done"]
ANSWER = ["Response created", "Item added", "Text", "Transcript", "Item done", "Response done"]


def done(events: list[Any]) -> Any:
    """The end of the last response."""
    return list(filter(is_done, events))[-1]


async def test_text_is_answered_in_words_and_sound(provider: str):
    reply = Say("Good evening to you.", audio=tone(660, 800))

    async with talking(provider, brain=lambda _: reply) as talk:
        await talk.session.send_text("Good evening!", respond=True)
        events = await answer(talk.session)

    assert story(events) == [*OPENING, *USERS_ITEM, *ANSWER]
    assert printed(events).strip() == "Good evening to you."
    (finished,) = [event for event in events if isinstance(event, RealtimeTranscriptEvent)]
    assert (finished.role, finished.text, finished.final) == ("assistant", "Good evening to you.", True)
    assert {event.audio.format for event in events if isinstance(event, RealtimeAudioEvent)} == {PCM16_24KHZ}
    assert {event.response_id for event in events if isinstance(event, RealtimeAudioEvent)} == {
        done(events).response_id
    }
    assert pitch_hz(samples(events)) == pytest.approx(660, abs=3)
    assert heard_ms(events) == pytest.approx(800, abs=200 if talk.session.capabilities.paced else 0)
    assert done(events).status == "completed"
    assert done(events).usage.output_audio_tokens > 0
    assert errors(events) == []


async def test_answer_counts_as_heard_when_it_was_played_to_its_end(provider: str):
    heard: list[Any] = []
    reply = Say("Good evening to you.", audio=tone(660, 800))

    session = {"audio_output_callback": heard.append}
    async with talking(provider, session=session, brain=lambda _: reply) as talk:
        handle = await talk.session.send_text("Good evening!", respond=True)
        assert handle is not None
        assert await handle.heard()
        heard_ms = sum(map(len, heard)) / 24

    assert heard_ms >= 780
    assert pitch_hz(np.concatenate(heard)) == pytest.approx(660, abs=3)


async def test_text_is_answered_in_text(provider: str):
    async with talking(provider, session={"output_modalities": ["text"]}) as talk:
        await talk.session.send_text("Good evening!", respond=True)
        events = await answer(talk.session)
        conversation = talk.session.conversation

    assert story(events) == [*OPENING, *USERS_ITEM, *ANSWER]
    assert printed(events) == "You said: Good evening!"
    assert heard_ms(events) == 0
    assert conversation.transcript() == "User: Good evening!\nAssistant: You said: Good evening!"


@pytest.mark.parametrize("modality", ["audio", "text"])
async def test_piece_that_comes_after_the_end_of_its_answer_is_not_printed_again(
    provider: str, modality: str
):
    events: list[Any] = []

    session = {"output_modalities": [modality]}
    async with talking(provider, session=session, faults="late-delta@1") as talk:
        for _ in range(2):
            await talk.session.send_text("Hello!", respond=True)
            events += await answer(talk.session)
        conversation = talk.session.conversation

    assert printed(events) == "You said: Hello!" * 2
    assert conversation.transcript().splitlines() == ["User: Hello!", "Assistant: You said: Hello!"] * 2


async def test_speech_is_heard_written_down_and_answered(provider: str):
    """Whose end the service finds; the silence after it is sent, too."""
    turns: list[Turn] = []

    def repeat(turn: Turn) -> Any:
        turns.append(turn)
        return echo(turn)

    spoken, rate_hz = soundfile.read(SPEECH, dtype="int16")
    words = {"transcripts": ["What an amiable man."], "transcription": "beside"}
    session = {"input_audio_transcription": {}}

    async with talking(provider, session=session, brain=repeat, **words) as talk:
        await talk.session.send_audio(AudioContent(spoken.tobytes(), AudioFormat("pcm16", rate_hz)))
        await talk.session.send_audio(silence(800))
        events = await answer(talk.session)
        conversation = talk.session.conversation

    assert [name for name in story(events) if name.startswith(("Speech", "Response"))] == [
        "Speech started",
        "Speech stopped",
        "Speech committed",
        "Response created",
        "Response done",
    ]
    said = [event for event in events if isinstance(event, RealtimeTranscriptEvent) and event.final]
    assert {(event.role, event.text) for event in said} == {
        ("user", "What an amiable man."),
        ("assistant", "You said: What an amiable man."),
    }
    assert (
        conversation.transcript() == "User: What an amiable man.\nAssistant: You said: What an amiable man."
    )
    (turn,) = turns
    assert turn.audio is not None
    alike = LIKE[talk.session.capabilities.paced]
    assert likeness(turn.audio, recording(SPEECH)) > alike
    assert likeness(samples(events), turn.audio) > alike
    assert errors(events) == []


async def test_turns_end_by_hand_where_the_application_says_so(provider: str):
    turns: list[Turn] = []

    def listen(turn: Turn) -> Any:
        turns.append(turn)
        return Say("I see.", audio=tone(660, 300))

    tones_hz = [440, 550]
    async with talking(provider, session={"turn_detection": None}, brain=listen) as talk:
        for hz in tones_hz:
            await talk.session.send_audio(tone(hz, 1_000).tobytes())
            await talk.session.commit_audio()
            await talk.session.create_response()
            events = await answer(talk.session)

            assert printed(events).strip() == "I see."
            assert pitch_hz(samples(events)) == pytest.approx(660, abs=5)

    assert [pitch_hz(turn.audio) for turn in turns] == pytest.approx(tones_hz, abs=3)
    # on a track the two ends agree on where a turn ends within a few frames
    least_ms, most_ms = (850, 1_500) if talk.session.capabilities.paced else (1_000, 1_000)
    assert all(least_ms <= len(turn.audio) / 24 <= most_ms for turn in turns)
    assert [name for name in story(events) if "Speech" in name] == ["Speech committed"]


async def test_audio_that_is_cleared_is_no_part_of_the_turn(provider: str):
    turns: list[Turn] = []

    def listen(turn: Turn) -> Any:
        turns.append(turn)
        return Say("I see.")

    session = {"turn_detection": None, "output_modalities": ["text"]}
    async with talking(provider, session=session, brain=listen) as talk:
        await talk.session.send_audio(tone(440, 400).tobytes())
        await talk.session.clear_audio()
        await talk.session.send_audio(tone(880, 600).tobytes())
        await talk.session.commit_audio()
        await talk.session.create_response()
        await answer(talk.session)

    (turn,) = turns
    assert turn.audio is not None
    assert pitch_hz(turn.audio) == pytest.approx(880, abs=5)
    assert len(turn.audio) / 24 < 1_000 if talk.session.capabilities.paced else 601


@pytest.mark.parametrize("update", [False, True], ids=["from the beginning", "updated"])
async def test_audio_is_in_the_format_that_the_application_asks_for(provider: str, *, update: bool):
    """Whatever travels."""
    turns: list[Turn] = []

    def listen(turn: Turn) -> Any:
        turns.append(turn)
        return Say("I see.", audio=tone(660, 500))

    ulaw = AudioFormat("g711_ulaw")
    formats: dict[str, Any] = {"input_audio_format": ulaw, "output_audio_format": "g711_ulaw"}
    session = {"turn_detection": None, **({} if update else formats)}
    async with talking(provider, session=session, brain=listen) as talk:
        if update:
            await talk.session.update_session(**formats)
        await talk.session.send_audio(AudioContent(tone(440, 600).tobytes(), PCM16_24KHZ))
        await talk.session.commit_audio()
        await talk.session.create_response()
        events = await answer(talk.session)
        settings = talk.session.settings

    assert (settings.input_audio_format, settings.output_audio_format) == (ulaw, ulaw)
    assert {event.audio.format for event in events if isinstance(event, RealtimeAudioEvent)} == {ulaw}
    assert pitch_hz(samples(events), ulaw.rate_hz) == pytest.approx(660, abs=5)
    assert pitch_hz(turns[0].audio) == pytest.approx(440, abs=5)
    assert errors(events) == []


async def speak(talk: Talk) -> None:
    await talk.session.send_audio(speech(600))


async def ask_to_stop(talk: Talk) -> None:
    assert await talk.session.interrupt()


@pytest.mark.parametrize(("stop", "cause"), [(speak, "speech"), (ask_to_stop, "client")])
async def test_who_interrupts_hears_no_more_and_the_model_knows_what_was_heard(
    provider: str, stop: Any, cause: str
):
    story_of_20_s = Say("Once upon a time there was a king. " * 10, audio=tone(440, 20_000))
    player = Player()

    # eight times as fast as it is heard, so that it is still being made
    session = {"audio_output_callback": player}
    async with talking(provider, session=session, brain=lambda _: story_of_20_s, speed=8) as talk:
        await talk.session.send_text("Tell me a story.", respond=True)
        await player.until(lambda: player.given_ms >= 400)
        player.played_ms = 250.0
        await stop(talk)
        await player.until(lambda: player.clears > 0)
        given_ms = player.given_ms
        events = await answer(talk.session)
        truncated = await talk.service.expect_sent("conversation.item.truncated")
        conversation = talk.session.conversation

    (interruption,) = [event for event in events if isinstance(event, RealtimeInterruptionEvent)]
    assert (interruption.cause, interruption.played_ms, interruption.estimated) == (cause, 250.0, False)
    assert interruption.item_id == truncated["item_id"]
    assert (done(events).status, player.given_ms) == ("cancelled", given_ms)
    own = talk.session.capabilities.truncate == "client"
    assert len(talk.sent("conversation.item.truncate")) == own
    assert (truncated["audio_end_ms"] == 250) if own else (0 < truncated["audio_end_ms"] < 5_000)
    (story_entry,) = [entry for entry in conversation if entry.item_id == truncated["item_id"]]
    assert story_entry.interrupted
    assert errors(events) == []
