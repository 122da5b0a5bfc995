"""The assistant is interrupted: at once, only where it is to be, and cut to what was heard (§5.5)."""

import asyncio
from typing import Any

import numpy as np
import pytest
from guarantees.talk import Talk, talking
from listening import ended, errors, is_done, printed, until
from own_protocol.talk import Player
from realtime_core import (
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeInterruptionEvent,
    TurnDetection,
)
from realtime_simulator import Action, Say, Turn, Wait
from settling import settle

pytestmark = pytest.mark.usefixtures("no_leaks")

SECOND = np.zeros(24_000, np.int16)


def three(turn: Turn) -> list[Action]:
    """Three items of a second each, and then nothing for a while; anything after that is short."""
    if turn.number:
        return [Say("Yes?", audio=SECOND)]
    return [Say(word, audio=SECOND) for word in ("One.", "Two.", "Three.")] + [Wait(1_000), Say("Four.")]


def three_and_done(turn: Turn) -> list[Action]:
    return three(turn)[:3]


def interruptions(events: list[RealtimeEvent]) -> list[RealtimeInterruptionEvent]:
    return [event for event in events if isinstance(event, RealtimeInterruptionEvent)]


def audio_ms(events: list[RealtimeEvent], response_id: str | None) -> float:
    """How much audio of a response there is to play."""
    return sum(
        event.audio.duration_ms
        for event in events
        if isinstance(event, RealtimeAudioEvent) and event.response_id == response_id
    )


def corrections(talk: Talk) -> list[tuple[str, int | None]]:
    """Which items the service was told to shorten, and to what; None: to forget."""
    kinds = ("conversation.item.truncate", "conversation.item.delete")
    sent = [frame for frame in talk.service.received if frame["type"] in kinds]
    return [(frame["item_id"], frame.get("audio_end_ms")) for frame in sent]


def items(talk: Talk) -> list[str]:
    """The ids of what the assistant said, in order."""
    return [done["item"]["id"] for done in talk.said("response.output_item.done")]


async def speaking(talk: Talk, player: Player) -> Any:
    """Ask, and wait until the player has been given all of it; the handle."""
    handle = await talk.session.send_text("go", respond=True)
    await player.until(lambda: player.given_ms == 3_000)
    await all_said(talk)
    return handle


async def all_said(talk: Talk) -> None:
    """Wait until the session has all three items."""
    third = {"content": [{"transcript": "Three."}]}
    await talk.service.expect_sent("response.output_item.done", item=third)
    await talk.session.clear_audio()  # whose answer comes after them


async def user_interrupts(talk: Talk) -> list[RealtimeEvent]:
    """The user speaks; everything up to the end of the response that he interrupts, all corrections sent."""
    talk.service.user_starts_speaking()
    events = await until(talk.session, is_done)
    await talk.session.clear_audio()  # is answered after whatever was sent before
    return events


# -- what was heard ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("played_ms", "kept"),
    [
        (0, [None, None, None]),
        (0.9, [None, None, None]),
        (250, [250, None, None]),
        (1_000, ["whole", None, None]),
        (1_500.7, ["whole", 500, None]),
        (2_900, ["whole", "whole", 900]),
        (3_000, ["whole", "whole", "whole"]),
    ],
)
async def test_each_item_is_cut_to_what_was_heard_of_it(
    realtime_simulator: Any, played_ms: float, kept: list[Any]
):
    """Nothing heard: deleted; all heard: left; else truncated, in whole milliseconds."""
    player = Player()
    settings = {"audio_output_callback": player}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        await speaking(talk, player)
        player.played_ms = played_ms
        events = await user_interrupts(talk)
        ids = items(talk)
        told = corrections(talk)
        events += await ended(talk.session)

    assert told == [(item, keep) for item, keep in zip(ids, kept, strict=True) if keep != "whole"]
    (event,) = interruptions(events)
    assert (event.cause, event.estimated) == ("speech", False)
    assert player.clears == 1
    assert errors(events) == []


async def test_without_a_sink_what_was_heard_is_an_estimate_by_the_clock(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player.write}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        await speaking(talk, player)
        talk.clock.advance(1.25)
        (event,) = interruptions(await user_interrupts(talk))
        ids = items(talk)

        assert corrections(talk) == [(ids[1], 250), (ids[2], None)]

    assert (event.item_id, event.played_ms, event.estimated) == (ids[1], 250, True)


async def test_what_nobody_has_read_was_not_heard_however_much_time_has_passed(realtime_simulator: Any):
    async with talking(realtime_simulator, brain=three, script=None) as talk:
        await talk.session.send_text("go", respond=True)
        await until(talk.session, lambda event: isinstance(event, RealtimeAudioEvent))
        await all_said(talk)
        talk.clock.advance(60)
        talk.service.user_starts_speaking()
        await talk.service.expect("conversation.item.truncate", item_id=items(talk)[0], audio_end_ms=100)
        for item in items(talk)[1:]:
            await talk.service.expect("conversation.item.delete", item_id=item)
        (event,) = interruptions(await ended(talk.session))

    assert (event.played_ms, event.discarded_ms) == (100, 2_900)  # the first piece, and all others


@pytest.mark.parametrize("has_sink", [True, False], ids=["sink", "callback"])
async def test_what_is_reported_overrides_the_sink_and_the_estimate(
    realtime_simulator: Any, *, has_sink: bool
):
    player = Player()
    settings = {"audio_output_callback": player if has_sink else player.write}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        await speaking(talk, player)
        first = items(talk)[0]
        talk.session.report_played(first, 300)
        (event,) = interruptions(await user_interrupts(talk))

        assert corrections(talk)[0] == (first, 300)

    assert (event.item_id, event.played_ms, event.estimated) == (first, 300, False)


async def test_a_truncate_longer_than_the_audio_is_an_error_and_mutes_the_bot(realtime_simulator: Any):
    """Not here: a sink that counts too much is held to what it was given, and the next reply is heard."""
    player = Player()
    settings = {"audio_output_callback": player}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        await speaking(talk, player)
        player.played_ms = 1e9
        events = await user_interrupts(talk)
        assert corrections(talk) == []
        talk.service.user_stops_speaking("well?")
        events += await until(talk.session, is_done)
        last = await talk.service.expect_sent("response.done", response={"status": "completed"})

    assert audio_ms(events, last["response"]["id"]) == 1_000
    assert errors(events) == []


async def test_speech_of_a_response_that_is_done_is_interrupted_while_it_plays(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player}
    async with talking(realtime_simulator, session=settings, brain=three_and_done, script=None) as talk:
        handle = await speaking(talk, player)
        await handle
        player.played_ms = 2_400
        talk.service.user_starts_speaking()
        events = await until(talk.session, lambda event: isinstance(event, RealtimeInterruptionEvent))
        await talk.session.clear_audio()

        assert corrections(talk) == [(items(talk)[2], 400)]
        assert await handle.heard() is False

    assert interruptions(events)[0].item_id == items(talk)[2]


async def test_speech_that_was_heard_to_its_end_is_not_interrupted(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player}
    async with talking(realtime_simulator, session=settings, brain=three_and_done, script=None) as talk:
        handle = await speaking(talk, player)
        await handle
        player.played_ms = 3_000
        assert await handle.heard() is True
        talk.service.user_starts_speaking()
        await talk.session.clear_audio()
        events = await ended(talk.session)

        assert corrections(talk) == []

    assert interruptions(events) == []


# -- at once, and once ---------------------------------------------------------------------------


async def test_the_interruption_is_ahead_of_everything_unread_and_unread_audio_leaves_counted(
    realtime_simulator: Any,
):
    async with talking(realtime_simulator, brain=three, script=None) as talk:
        handle = await talk.session.send_text("go", respond=True)
        assert handle is not None
        await all_said(talk)
        talk.service.user_starts_speaking()
        done = await handle
        events = await ended(talk.session)

    first = events[0]
    assert isinstance(first, RealtimeInterruptionEvent)
    assert (first.response_id, first.discarded_ms) == (done.response_id, 3_000)
    assert audio_ms(events, done.response_id) == 0
    assert len(interruptions(events)) == 1
    assert printed(events) == "One.Two.Three."  # words are not audio


async def test_late_audio_of_a_cut_response_is_a_plain_event(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player}
    faults = "late-delta@1"
    async with talking(realtime_simulator, session=settings, brain=three, script=None, faults=faults) as talk:
        await speaking(talk, player)
        events = await user_interrupts(talk)
        late = talk.service.sent[-1] if talk.service.sent else {}
        talk.service.user_stops_speaking("well?")
        events += await until(talk.session, is_done)
        kinds = [sent["type"] for sent in talk.service.sent]
        given_ms = player.given_ms

    cut = kinds.index("response.done")
    assert "response.output_audio.delta" in kinds[cut : cut + 3], late
    assert given_ms == 4_000  # three seconds, and the one of the next response
    plain = [event for event in events if type(event) is RealtimeEvent]
    assert [event for event in plain if event.service_type == "response.output_audio.delta"]


async def test_a_second_end_of_a_cut_response_interrupts_nothing(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player}
    async with talking(
        realtime_simulator, session=settings, brain=three, script=None, quirks="unannounced-done"
    ) as talk:
        await speaking(talk, player)
        events = await user_interrupts(talk)
        talk.service.user_stops_speaking("well?")
        events += await until(talk.session, is_done)
        events += await ended(talk.session)

    assert len(interruptions(events)) == 1
    assert player.clears == 1
    assert errors(events) == []


# -- only where it is to be ----------------------------------------------------------------------


NEVER = TurnDetection(type="server_vad", interrupt_response=False)
ALWAYS = TurnDetection(type="server_vad", interrupt_response=True)


@pytest.mark.parametrize("updated", [False, True], ids=["from the beginning", "by an update"])
async def test_speech_interrupts_only_if_the_effective_interrupt_response_is_true(
    realtime_simulator: Any, *, updated: bool
):
    player = Player()
    settings = {"audio_output_callback": player, "turn_detection": ALWAYS if updated else NEVER}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        if updated:
            await talk.session.update_session(turn_detection=NEVER)
        handle = await speaking(talk, player)
        talk.service.user_starts_speaking()
        await talk.session.clear_audio()
        assert corrections(talk) == []
        talk.let_go()
        assert (await handle).status == "completed"
        events = await ended(talk.session)

    assert interruptions(events) == []
    assert player.clears == 0
    assert audio_ms(events, handle.response_id) == pytest.approx(player.given_ms)


async def test_an_update_that_lets_speech_interrupt_counts_from_then_on(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player, "turn_detection": NEVER}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        await speaking(talk, player)
        await talk.session.update_session(turn_detection=ALWAYS)
        events = await user_interrupts(talk)

    assert len(interruptions(events)) == 1


# -- by the application --------------------------------------------------------------------------


async def test_the_client_interrupts_by_the_id_of_the_response_so_that_it_never_hits_the_next(
    realtime_simulator: Any,
):
    player = Player()
    settings = {"audio_output_callback": player}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        handle = await speaking(talk, player)
        player.played_ms = 500
        assert await talk.session.interrupt() is True
        following = await talk.session.send_text("next", respond=True)
        assert following is not None
        assert (await handle).status == "cancelled"
        assert (await following).status == "completed"
        (cancel,) = talk.sent("response.cancel")
        ids = items(talk)
        told = corrections(talk)
        kinds = [sent["type"] for sent in talk.service.received]
        events = await ended(talk.session)

    assert cancel["response_id"] == handle.response_id
    assert told == [(ids[0], 500), (ids[1], None), (ids[2], None)]
    assert kinds.index("response.cancel") < kinds.index("conversation.item.truncate")
    (event,) = interruptions(events)
    assert (event.cause, event.response_id, event.played_ms) == ("client", handle.response_id, 500)
    assert await handle.heard() is False
    assert errors(events) == []


async def test_what_was_asked_for_and_waits_is_dropped_with_it(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        await speaking(talk, player)
        plain = await talk.session.create_response()
        special = await talk.session.create_response(instructions="Sing.")
        assert await talk.session.interrupt() is True
        dropped = [await plain, await special]
        await until(talk.session, is_done)
        await talk.session.clear_audio()

        assert len(talk.sent("response.create")) == 1

    assert [(done.status, done.status_reason) for done in dropped] == [("cancelled", "client_cancelled")] * 2


async def test_silence_cannot_be_interrupted(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        assert await talk.session.interrupt() is False
        await talk.session.clear_audio()

        assert [sent["type"] for sent in talk.service.received] == [
            "session.update",
            "input_audio_buffer.clear",
        ]
        assert interruptions(await ended(talk.session)) == []


async def test_a_request_on_its_way_is_cancelled_once_it_has_begun(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        handle = await talk.session.send_text("go", respond=True)
        assert handle is not None
        assert await talk.session.interrupt() is True  # the service has not even read the request
        done = await handle
        events = await ended(talk.session)

    assert done.status == "cancelled"
    assert player.given_ms == 0
    assert audio_ms(events, done.response_id) == 0
    assert errors(events) == []


async def test_nothing_slow_delays_an_interruption(realtime_simulator: Any):
    """A coroutine callback that is held, and a consumer that does not read."""
    held, begun = asyncio.Event(), asyncio.Event()
    calls = 0

    async def play(_: Any) -> None:
        nonlocal calls
        calls += 1
        begun.set()
        await held.wait()

    settings = {"audio_output_callback": play}
    async with talking(realtime_simulator, session=settings, brain=three, script=None) as talk:
        await talk.session.send_text("go", respond=True)
        await begun.wait()
        await all_said(talk)
        talk.service.user_starts_speaking()
        await talk.service.expect("conversation.item.delete")
        assert talk.session.stats.callback_backlog_bytes == 0
        held.set()
        await settle()
        events = await ended(talk.session)

    assert calls == 1
    assert isinstance(events[0], RealtimeInterruptionEvent)
    assert events[0].discarded_ms == 2_900  # all but the piece that the callback has
