"""The life of a session at every provider: settings, what it begins with, its end from either side."""

from contextlib import nullcontext
from typing import Any

import attrs
import pytest
from listening import collect, ended, printed
from parity.providers import KEYED, NETWORKED, environment, every_provider, only_environment
from parity.talk import KEY, answer, serving, talking
from realtime_core import (
    AudioFormat,
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    InputAudioTranscription,
    InvalidOptions,
    LostReason,
    Message,
    ProviderError,
    RealtimeSession,
    RealtimeSessionEvent,
    RealtimeSettings,
    SessionState,
    ToolCall,
    ToolResult,
    TurnDetection,
    UnsupportedCommand,
    UnsupportedSetting,
    create_client,
)
from realtime_core.settings import setting
from realtime_simulator import Say, Turn

pytestmark = pytest.mark.usefixtures("no_leaks")

TEXT = {"output_modalities": ["text"]}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Notes:
    """A brain that says what it knows."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def __call__(self, turn: Turn) -> Say:
        self.turns.append(turn)
        return Say(f"Noted: {turn.text}")


# -- settings ----------------------------------------------------------------------------------------------


@every_provider
async def test_settings_are_in_force_from_the_beginning_and_as_updated(provider: str):
    notes = Notes()
    session = {**TEXT, "instructions": "Be brief.", "voice": "marin"}

    async with talking(provider, session=session, brain=notes) as talk:
        for instructions in ("Be brief.", "Be long."):
            await talk.session.update_session(instructions=instructions, max_output_tokens=100)
            await talk.session.send_text("Hello!", respond=True)
            await answer(talk.session)
        settings = talk.session.settings

    assert [turn.instructions for turn in notes.turns] == ["Be brief.", "Be long."]
    assert (settings.instructions, settings.voice, settings.max_output_tokens) == ("Be long.", "marin", 100)


EVERY_SETTING: dict[str, Any] = {
    "model": "gpt-realtime-mini",
    "instructions": "Be brief.",
    "output_modalities": ("text",),
    "voice": "cedar",
    "speed": 1.2,
    "input_audio_format": AudioFormat("g711_ulaw"),
    "output_audio_format": AudioFormat("g711_alaw"),
    "input_audio_transcription": InputAudioTranscription(model="whisper-1", language="en"),
    "input_audio_noise_reduction": "near_field",
    "turn_detection": TurnDetection(silence_duration_ms=300),
    "tool_choice": "none",
    "max_output_tokens": 100,
}


def test_no_neutral_setting_is_forgotten_here():
    assert EVERY_SETTING.keys() == attrs.fields_dict(RealtimeSettings).keys()


def not_in_force(session: RealtimeSession) -> list[str]:
    """The settings that are others; a vendor's classes have more fields."""

    def is_it(one: Any, value: Any) -> bool:
        parts = attrs.fields_dict(type(value)) if attrs.has(type(value)) else ()
        same = [getattr(one, part, None) == getattr(value, part) for part in parts]
        return one == value or (bool(same) and all(same))

    return [
        name for name, value in EVERY_SETTING.items() if not is_it(getattr(session.settings, name), value)
    ]


def not_honoured(events: list[Any]) -> list[str]:
    return [name for event in events for name in getattr(event, "not_honoured", ())]


@every_provider
async def test_every_neutral_setting_is_honoured_from_the_beginning(provider: str):
    async with serving(provider) as service, service.client(RealtimeSettings(**EVERY_SETTING)) as session:
        others = not_in_force(session)
        events = await ended(session)

    assert others == []
    assert not_honoured(events) == []


@every_provider
async def test_every_neutral_setting_is_changed_or_refused_by_name(provider: str):
    async with talking(provider) as talk:
        live = talk.session.capabilities.live_settings
        for name, value in EVERY_SETTING.items():
            with nullcontext() if name in live else pytest.raises(UnsupportedSetting, match=name):
                await talk.session.update_session({name: value})
        others = not_in_force(talk.session)
        events = await ended(talk.session)

    assert others == [name for name in EVERY_SETTING if name not in live]
    assert not_honoured(events) == []


@every_provider
async def test_update_that_the_service_refuses_raises_what_it_said_and_changes_nothing(provider: str):
    async with talking(provider, session={"voice": "marin"}) as talk:
        await talk.session.send_text("Hello!", respond=True)
        await answer(talk.session)  # after its first audio a service changes no voice

        with pytest.raises(ProviderError) as refused:
            await talk.session.update_session(voice="ash", speed=1.5)

        assert refused.value.code == "cannot_update_voice"
        assert talk.session.settings.voice == "marin"
        await talk.session.update_session(speed=1.1)
        assert talk.session.settings.speed == 1.1


@attrs.frozen(kw_only=True)
class ForeignSettings(RealtimeSettings):
    """Another vendor's."""

    temperature: float = setting(float)


@every_provider
async def test_setting_that_cannot_be_honoured_is_refused_by_name_before_anything_is_sent(provider: str):
    async with serving(provider) as service:
        with pytest.raises(UnsupportedSetting, match="temperature"):
            await service.client.create_session(ForeignSettings(temperature=0.7))
        with pytest.raises(UnsupportedSetting, match="temperature"):
            await service.client.create_session(temperature=0.7)

        assert service.watch.sessions == []

        async with service.client() as session:
            before = len((await service.session()).received)
            for change in ({"temperature": 0.7}, {"model": "another"}):
                with pytest.raises(UnsupportedSetting, match=next(iter(change))):
                    await session.update_session(**change)

        assert len(service.watch.sessions[0].received) == before


# -- what it begins with, what it is shown -----------------------------------------------------------------

HISTORY = [
    Message("system", "The user is from Rome."),
    Message("user", "My name is Ada."),
    Message("assistant", "Hello, Ada!"),
    ToolCall("call_1", "weather", '{"city":"Rome"}'),
    ToolResult("call_1", "weather", "sunny"),
]


@every_provider
async def test_history_reaches_the_model_in_order_and_goes_on_in_another_session(provider: str):
    first, second = Notes(), Notes()

    async with talking(provider, session={**TEXT, "history": HISTORY}, brain=first) as talk:
        await talk.session.send_text("What is my name?", respond=True)
        await answer(talk.session)
        kept = talk.session.conversation
    async with talking(provider, session={**TEXT, "history": kept}, brain=second) as talk:
        await talk.session.send_text("And where am I from?", respond=True)
        events = await answer(talk.session)

    messages = [item for item in HISTORY if isinstance(item, Message)]
    asked = Message("user", "What is my name?")
    answered = Message("assistant", "Noted: What is my name?")
    assert kept.history() == (*HISTORY, asked, answered)
    assert first.turns[0].history == (*messages, asked)
    assert second.turns[0].history == (
        *messages,
        asked,
        answered,
        Message("user", "And where am I from?"),
    )
    assert printed(events) == "Noted: And where am I from?"


@every_provider
async def test_image_is_shown_to_the_model_where_it_can_see(provider: str):
    async with talking(provider, session=TEXT) as talk:
        if not talk.session.capabilities.images:
            with pytest.raises(UnsupportedCommand):
                await talk.session.send_image(PNG)
            return
        await talk.session.send_image(PNG)
        await talk.session.send_text("What do you see?", respond=True)
        await answer(talk.session)

    shown = [item["item"]["content"][0]["type"] for item in talk.sent("conversation.item.create")]
    assert shown == ["input_image", "input_text"]


# -- the end -----------------------------------------------------------------------------------------------


async def end_of(session: Any) -> tuple[Any, Any]:
    """What a session that ends raises, and its last event."""
    events: list[Any] = []
    try:
        await collect(session, events)
    except ConnectionLost as lost:
        return lost, events[-1]
    return None, events[-1]


@every_provider
async def test_session_that_is_deleted_ends_without_an_error(provider: str):
    async with serving(provider) as service:
        session = await service.client.create_session(TEXT)
        talk = await service.session()
        await session.send_text("Hello!", respond=True)
        await answer(session)
        await session.delete_session()

        lost, last = await end_of(session)

        assert lost is None
        assert isinstance(last, RealtimeSessionEvent)
        assert (last.phase, last.reason) == ("closed", "deleted")
        assert session.state is SessionState.CLOSED
        assert await talk.wait_ended() == "client"


@every_provider
@pytest.mark.parametrize(
    ("end", "reason"),
    [(lambda talk: talk.close(1000), LostReason.CLOSED), (lambda talk: talk.drop(), LostReason.DROPPED)],
    ids=["closed", "dropped"],
)
async def test_session_that_the_service_ends_tells_why_last(provider: str, end: Any, reason: LostReason):
    async with serving(provider) as service:
        session = await service.client.create_session(TEXT)
        await session.send_text("Hello!", respond=True)
        await answer(session)
        end(await service.session())

        lost, last = await end_of(session)
        await session.delete_session()

    assert isinstance(last, RealtimeSessionEvent)
    assert (last.phase, last.reason) == ("closed", reason)
    assert lost.reason is reason


@every_provider
async def test_session_that_has_lived_as_long_as_it_may_has_expired(provider: str):
    async with serving(provider, max_session_s=1) as service:
        session = await service.client.create_session(TEXT)

        lost, last = await end_of(session)
        await session.delete_session()

    assert lost.reason is LostReason.EXPIRED
    assert (last.phase, last.reason) == ("closed", LostReason.EXPIRED)


# -- what never opens --------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", KEYED)
async def test_wrong_key_is_refused_and_not_told(provider: str):
    async with serving(provider, key="sk-wrong-0123456789abcdef") as service:
        with pytest.raises(AuthenticationFailed) as refused:
            await service.client.create_session()

        assert service.watch.sessions == []
    assert "0123456789" not in str(refused.value)


@pytest.mark.parametrize("provider", KEYED)
def test_missing_key_names_the_option_and_its_variable(provider: str):
    variables = environment(provider, "http://127.0.0.1:9", KEY)
    (key_variable,) = (name for name, value in variables.items() if value == KEY)
    others = {name: value for name, value in variables.items() if name != key_variable}

    with only_environment(others), pytest.raises(InvalidOptions) as missing:
        create_client(provider)

    assert "api_key" in str(missing.value)
    assert key_variable in str(missing.value)


@pytest.mark.parametrize("provider", NETWORKED)
async def test_address_where_nobody_listens_has_a_typed_reason(provider: str):
    with only_environment(environment(provider, "http://127.0.0.1:9", KEY)):
        client = create_client(provider)

    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:9") as failed:
        await client.create_session()

    assert failed.value.reason is FailedReason.REFUSED


@every_provider
@pytest.mark.parametrize("number", [1, 2])
async def test_service_that_accepts_and_stays_silent_is_left_in_time(provider: str, number: int):
    async with serving(provider, faults=f"stall@{number}", client={"timeout_s": 1}) as service:
        with pytest.raises(ConnectionFailed) as failed:
            await service.client.create_session()

    assert failed.value.reason is FailedReason.TIMEOUT
