"""Commands are correlated: DESIGN §5.7, over a real socket, with what provokes each clause."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from guarantees.talk import reason_of_end, talking
from listening import ended, errors
from realtime_core import (
    CommandTimeout,
    ProviderError,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeSession,
    RealtimeSessionEvent,
    TurnDetection,
    UnsupportedSetting,
)
from realtime_simulator import speech
from settling import settle

pytestmark = pytest.mark.usefixtures("no_leaks")

Command = Callable[[RealtimeSession], Awaitable[Any]]

COMMANDS: dict[str, Command] = {
    "update_session": lambda session: session.update_session(instructions="Be brief."),
    "update_session(tools=)": lambda session: session.update_session(tools=[look]),
    "commit_audio": lambda session: session.commit_audio(),
    "clear_audio": lambda session: session.clear_audio(),
}
commands = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
no_ids = pytest.mark.parametrize("faults", ["", "null-event-id@1"], ids=["ids", "no ids"])

BY_HAND = {"turn_detection": None}


def look(place: str) -> str:
    """Look there."""
    return place


@commands
async def test_command_returns_when_the_service_has_answered(realtime_simulator: Any, command: Command):
    async with talking(realtime_simulator, session=BY_HAND) as talk:
        await talk.session.send_audio(speech(200))
        before = len(talk.service.sent)

        await command(talk.session)

        answers = {"session.updated", "input_audio_buffer.committed", "input_audio_buffer.cleared"}
        assert answers & {frame["type"] for frame in talk.service.sent[before:]}


@commands
async def test_command_that_is_not_answered_is_a_timeout(realtime_simulator: Any, command: Command):
    async with talking(realtime_simulator, faults="stall@3", session=BY_HAND) as talk:
        await talk.session.send_audio(speech(200))
        waiting = asyncio.create_task(command(talk.session))
        await settle()
        assert not waiting.done()

        talk.clock.advance(10)

        with pytest.raises(CommandTimeout, match="within 10 s"):
            await waiting


@commands
@pytest.mark.parametrize("end", ["dropped", "deleted"])
async def test_command_that_waits_when_the_session_ends_raises_its_reason(
    realtime_simulator: Any, command: Command, end: str
):
    async with talking(realtime_simulator, faults="stall@3", session=BY_HAND) as talk:
        waiting = asyncio.create_task(command(talk.session))
        await settle()
        await reason_of_end(talk, end, waiting)


@no_ids
async def test_refused_command_raises_what_the_service_said(realtime_simulator: Any, faults: str):
    async with talking(realtime_simulator, faults=faults, session=BY_HAND) as talk:
        with pytest.raises(ProviderError) as empty:
            await talk.session.commit_audio()
        await (await talk.session.create_response())
        with pytest.raises(ProviderError) as too_late:
            await talk.session.update_session(voice="ash", speed=1.5)

        assert empty.value.code == "input_audio_buffer_commit_empty"
        assert too_late.value.code == "cannot_update_voice"
        assert talk.session.settings.speed != 1.5
        await talk.session.update_session(speed=1.1)
        assert talk.session.settings.speed == 1.1


@no_ids
async def test_refusal_reaches_the_command_that_caused_it_among_many(realtime_simulator: Any, faults: str):
    async with talking(realtime_simulator, faults=faults, session=BY_HAND) as talk:
        handle = await talk.hold()
        good = asyncio.create_task(talk.session.update_session(instructions="Be brief."))
        empty = asyncio.create_task(talk.session.commit_audio())
        waiting = await talk.session.create_response()
        aside = await talk.session.create_response(conversation="none", output_modalities=["smell"])

        with pytest.raises(ProviderError) as refused:
            await empty
        with pytest.raises(ProviderError, match="smell"):
            await aside
        await good
        talk.let_go()

        assert refused.value.code == "input_audio_buffer_commit_empty"
        assert (await handle).status == (await waiting).status == "completed"


@no_ids
async def test_reply_that_races_turn_detection_does_not_die_as_a_timeout(
    realtime_simulator: Any, faults: str
):
    # a row of PAINS: the rejection is never matched
    async with talking(realtime_simulator, faults=faults) as talk:
        talk.service.user_says("hold")
        handle = await talk.session.create_response()
        await talk.service.expect_sent("error", error={"code": "conversation_already_has_active_response"})
        talk.let_go()

        assert (await handle).status == "completed"
        assert errors(await ended(talk.session)) == []


async def test_error_that_is_about_no_command_refuses_nobody(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        handle = await talk.hold()
        updating = asyncio.create_task(talk.session.update_session(instructions="Be brief."))
        talk.service.send("error", error={"type": "server_error", "code": "server_error", "message": "oops"})
        await updating
        talk.let_go()

        assert (await handle).status == "completed"
        (told,) = errors(await ended(talk.session))
        assert (told.kind, told.fatal) == ("server", False)


async def test_updates_that_race_are_in_force_in_their_order(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        updates = [talk.session.update_session(instructions=f"number {n}") for n in range(20)]
        await asyncio.gather(*updates)

        shown = [frame["session"]["instructions"] for frame in talk.said("session.updated")[1:]]
        assert shown == [f"number {n}" for n in range(20)]
        assert talk.session.settings.instructions == "number 19"


@pytest.mark.parametrize("next_update", [{}, {"speed": 1.1}], ids=["last", "followed by another"])
async def test_update_that_nobody_waits_for_any_more_counts_when_it_is_accepted(
    realtime_simulator: Any, next_update: dict[str, Any]
):
    async with talking(realtime_simulator) as talk:
        update = asyncio.create_task(talk.session.update_session(instructions="first", tools=[look]))
        await talk.service.expect("session.update", session={"instructions": "first"})
        update.cancel()
        await talk.session.update_session(**next_update)
        await talk.service.expect_sent("session.updated", session={"instructions": "first"})
        await settle()

        assert talk.session.settings.instructions == "first"


async def test_silently_changed_setting_is_one_benign_event(realtime_simulator: Any):
    async with talking(realtime_simulator, quirks="fixed-voice", session={"voice": "marin"}) as talk:
        events = await ended(talk.session)

    (told,) = errors(events)
    assert (told.code, told.benign, told.fatal) == ("setting_not_honoured", True, False)
    assert "voice" in told.message
    (updated,) = [
        event for event in events if isinstance(event, RealtimeSessionEvent) and event.phase == "updated"
    ]
    assert updated.not_honoured == ("voice",)


async def test_setting_that_is_silently_changed_by_an_update_is_told_when_it_happens(realtime_simulator: Any):
    async with talking(realtime_simulator, quirks="fixed-voice") as talk:
        await talk.session.update_session(voice="marin")
        await talk.session.update_session(instructions="Be brief.")
        events = await ended(talk.session)

    assert [event.code for event in errors(events)] == ["setting_not_honoured"]


async def test_honoured_settings_are_told_without_a_warning(realtime_simulator: Any):
    settings = {
        "voice": "marin",
        "instructions": "Be brief.",
        "speed": 1.1,
        "turn_detection": TurnDetection(type="server_vad", silence_duration_ms=400),
        "tools": [look],
    }
    async with talking(realtime_simulator, session=settings) as talk:
        assert errors(await ended(talk.session)) == []


async def test_tools_that_are_given_are_sent_and_in_force(realtime_simulator: Any):
    # a row of PAINS: tools given but never sent
    async with talking(realtime_simulator, session={"tools": [look]}) as talk:
        (opened,) = talk.sent("session.update")
        await talk.session.update_session(tools=[])
        cleared = talk.said("session.updated")[-1]

    assert [tool["name"] for tool in opened["session"]["tools"]] == ["look"]
    assert cleared["session"]["tools"] == []


async def test_turn_detection_that_is_turned_off_is_off(realtime_simulator: Any):
    # a row of PAINS: None is dropped
    async with talking(realtime_simulator, session=BY_HAND) as talk:
        (opened,) = talk.sent("session.update")

        assert opened["session"]["audio"]["input"]["turn_detection"] is None
        with pytest.raises(RuntimeError, match="turn detection is off"):
            talk.service.user_says("Hello?")


async def test_what_cannot_be_changed_is_refused_before_anything_is_sent(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        with pytest.raises(UnsupportedSetting, match="cannot change 'model'"):
            await talk.session.update_session(model="another")

        assert len(talk.sent("session.update")) == 1


async def test_raw_frames_take_no_answer_of_a_command(realtime_simulator: Any):
    async with talking(realtime_simulator, faults="null-event-id@1", session=BY_HAND) as talk:
        raw = RealtimeEvent(service_type="input_audio_buffer.commit", service_event={})
        await talk.session.send(raw)
        with pytest.raises(ProviderError):
            await talk.session.commit_audio()
        await talk.session.clear_audio()

        told = errors(await ended(talk.session))
        assert [type(event) for event in told] == [RealtimeErrorEvent] * 2
