"""Responses, interruptions and what is played, at a provider with its own protocol: see `own_protocol`."""

import asyncio
import random

import attrs
import numpy as np
import pytest
from listening import heard_ms, is_done, printed, shape, until
from own_protocol.provider import LIVE, TURNS
from own_protocol.server import Peer, serving
from own_protocol.talk import Player, has, parley
from realtime_core import (
    AudioFormat,
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeInterruptionEvent,
    SessionStateError,
    UnsupportedCommand,
)

pytestmark = pytest.mark.usefixtures("no_leaks")

MUTE = attrs.evolve(TURNS, capabilities=attrs.evolve(TURNS.capabilities, client_responses=False))
"""A service that answers when it likes: a response cannot be asked for."""

HALF_S = bytes(16_000)
"""Half a second on the wire."""


# -- one response at a time ----------------------------------------------------------------------


async def test_handle_waits_for_the_end_of_the_turn():
    may_end = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says("One moment.")
        await may_end.wait()
        peer.over(tokens={"in": 3, "out": 4})

    async with serving(script) as service, parley(service)() as session:
        handle = await session.create_response()
        created = await handle.created()
        may_end.set()
        done = await handle

    assert (created.phase, done.phase, done.status) == ("created", "done", "completed")
    assert handle.text == "One moment. "
    assert done.usage is not None
    assert done.usage.total_tokens == 7


async def test_requests_while_the_service_speaks_become_one_that_follows():
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says("First.")
        begun.set()
        await may_end.wait()
        peer.over()
        await peer.expect("go", 2)
        peer.says("Second.")
        peer.over()

    async with serving(script) as service, parley(service)() as session:
        first = await session.create_response()
        await first.created()
        second, third = await session.create_response(), await session.create_response()
        peer = await service.peer()
        assert len(peer.told("go")) == 1
        may_end.set()
        await asyncio.gather(first, second, third)

    assert (first.text, second.text, third.text) == ("First. ", "Second. ", "Second. ")
    assert len(peer.told("go")) == 2


async def test_turn_that_the_service_begins_by_itself_holds_the_slot():
    may_end = asyncio.Event()

    async def script(peer: Peer) -> None:
        peer.says("By myself.")
        await may_end.wait()
        peer.over()
        await peer.expect("go")
        peer.says("Because you asked.")
        peer.over()

    async with serving(script) as service, parley(service)() as session:
        await until(session, has("spoken"))
        handle = await session.create_response()
        peer = await service.peer()
        assert peer.told("go") == []
        may_end.set()
        await handle

    assert handle.text == "Because you asked. "


async def test_turn_that_was_interrupted_ends_its_handle_as_cancelled():
    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says("I was going to")
        peer.send(interrupted=True, over=True)

    async with serving(script) as service, parley(service)() as session:
        done = await (await session.create_response())

    assert done.status == "cancelled"


async def test_handle_of_a_session_that_ends_waits_for_ever_for_nobody():
    async with serving() as service, parley(service)() as session:
        handle = await session.create_response()
        waiting = asyncio.ensure_future(handle)
        await session.delete_session()
        with pytest.raises(SessionStateError):
            await waiting


async def test_override_that_the_service_has_no_words_for_is_refused():
    async with serving() as service, parley(service)() as session:
        with pytest.raises(UnsupportedCommand):
            await session.create_response(temperature=0.5)
        with pytest.raises(UnsupportedCommand):
            await session.create_response(conversation="none")
        peer = await service.peer()

    assert peer.order == ["setup"]


async def test_service_that_answers_when_it_likes_is_never_asked():
    async with serving() as service:
        async with parley(service, MUTE)() as session:
            with pytest.raises(UnsupportedCommand, match="parley"):
                await session.create_response()
            with pytest.raises(UnsupportedCommand, match="parley"):
                await session.send_text("Hello", respond=True)
            peer = await service.peer()
        with pytest.raises(UnsupportedCommand, match="parley"):
            parley(service, MUTE)(create_response=True)

    assert peer.order == ["setup"]


async def test_reply_that_was_played_out_was_heard():
    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says(pcm=HALF_S)
        peer.over()

    player = Player()
    async with serving(script) as service, parley(service)(audio_output_callback=player) as session:
        handle = await session.create_response()
        await handle
        player.played_ms = player.given_ms

        assert await handle.heard()


# -- interruption --------------------------------------------------------------------------------


async def interrupted_reply(peer: Peer) -> None:
    """Half a second, an interruption, half a second too late, then a reply of half a second."""
    await peer.expect("go")
    peer.says("What you hear.", pcm=HALF_S)
    peer.send(interrupted=True)
    peer.says("What you do not.", pcm=HALF_S)
    peer.over()
    peer.says("What you hear again.", pcm=HALF_S)
    peer.over(end=True)


async def test_interruption_silences_the_player_and_withholds_the_rest_of_the_turn():
    player = Player()
    async with (
        serving(interrupted_reply) as service,
        parley(service)(audio_output_callback=player) as session,
    ):
        await session.create_response()
        events = await until(session, has("end"))
        peer = await service.peer()

    assert player.clears == 1
    assert player.given_ms == pytest.approx(1_000, abs=20)  # of one and a half
    (interruption,) = [event for event in events if isinstance(event, RealtimeInterruptionEvent)]
    assert interruption.cause == "service"
    dones = [event for event in events if is_done(event)]
    assert [getattr(event, "status", None) for event in dones] == ["cancelled", "completed"]
    assert peer.order == ["setup", "go"]  # nothing to cancel, nothing to truncate


async def test_late_audio_of_an_interrupted_turn_is_told_as_plain_events():
    async with serving(interrupted_reply) as service, parley(service)() as session:
        await session.create_response()
        events = await until(session, has("end"))

    late = events[next(i for i, e in enumerate(events) if e.service_type == "interrupted") :]
    first_turn = late[: next(i for i, e in enumerate(late) if is_done(e))]
    assert [e for e in first_turn if isinstance(e, RealtimeAudioEvent)] == []
    assert len([e for e in first_turn if type(e) is RealtimeEvent and e.service_type == "audio"]) == 25


async def test_interruption_comes_ahead_of_what_nobody_has_read():
    interrupted = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says(pcm=HALF_S)
        peer.send(interrupted=True)
        interrupted.set()
        await peer.gone()

    player = Player()
    async with serving(script) as service, parley(service)(audio_output_callback=player) as session:
        stream = session.receive()
        await anext(stream)
        await session.create_response()
        await player.until(lambda: player.clears == 1)

        event = await anext(stream)

    assert isinstance(event, RealtimeInterruptionEvent)


async def test_interrupting_a_service_that_cannot_stop_silences_it_here_until_the_turns_end():
    silenced = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says(pcm=HALF_S)
        await silenced.wait()
        peer.says(pcm=HALF_S)
        peer.over()
        peer.says("Again.", pcm=HALF_S)
        peer.over(end=True)

    player = Player()
    async with serving(script) as service, parley(service)(audio_output_callback=player) as session:
        await session.create_response()
        await player.until(lambda: player.given_ms > 480)
        await session.interrupt()
        silenced.set()
        events = await until(session, has("end"))
        peer = await service.peer()

    assert player.clears == 1
    assert player.given_ms == pytest.approx(1_000, abs=20)
    (interruption,) = [event for event in events if isinstance(event, RealtimeInterruptionEvent)]
    assert interruption.cause == "client"
    assert peer.order == ["setup", "go"]


async def test_interruption_of_a_turn_that_is_over_silences_what_is_still_being_played():
    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says(pcm=HALF_S)
        peer.over()
        await peer.expect("says")
        peer.send(interrupted=True)
        peer.says("Yes?", pcm=HALF_S)
        peer.over(end=True)

    player = Player()
    async with (
        serving(script) as service,
        parley(service)(audio_output_callback=player) as session,
    ):
        handle = await session.create_response()
        done = await handle
        hearing = asyncio.ensure_future(handle.heard())
        player.played_ms = 200.0
        await session.send_text("Wait")
        events = await until(session, has("end"))
        heard = await hearing

    assert (done.status, heard) == ("completed", False)
    assert player.clears == 1
    assert player.given_ms == pytest.approx(1_000, abs=20)  # the next turn is heard
    (interruption,) = [event for event in events if isinstance(event, RealtimeInterruptionEvent)]
    assert (interruption.played_ms, interruption.estimated) == (200.0, False)


async def test_turn_is_interrupted_once_however_often_it_is_told():
    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says(pcm=HALF_S)
        peer.send(interrupted=True)
        peer.send(interrupted=True, over=True, end=True)

    player = Player()
    async with (
        serving(script) as service,
        parley(service)(audio_output_callback=player) as session,
    ):
        await session.create_response()
        events = await until(session, has("end"))

    assert shape(events).count("Interruption") == 1
    assert [type(event) for event in events if event.service_type == "interrupted"][1:] == [RealtimeEvent]
    assert player.clears == 1


async def test_interruption_of_nothing_is_a_plain_event():
    async def script(peer: Peer) -> None:
        peer.send(interrupted=True, end=True)

    async with serving(script) as service, parley(service)() as session:
        events = await until(session, has("end"))

    assert [type(event) for event in events[-2:]] == [RealtimeEvent, RealtimeEvent]


async def test_response_that_was_interrupted_before_it_began_is_silent_and_the_next_is_heard():
    begins = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("go")
        await begins.wait()
        peer.says(pcm=HALF_S)
        peer.over()
        await peer.expect("go", 2)
        peer.says("Again.", pcm=HALF_S)
        peer.over(end=True)

    player = Player()
    async with (
        serving(script) as service,
        parley(service)(audio_output_callback=player) as session,
    ):
        handle = await session.create_response()
        assert await session.interrupt()
        begins.set()
        await handle
        assert player.given_ms == 0
        await session.create_response()
        events = await until(session, has("end"))

    assert player.given_ms == pytest.approx(500, abs=20)
    assert "Error" not in shape(events)  # the service cannot be told to stop, and is not


async def test_hundred_turns_interrupted_anywhere_never_sound_again():
    """Every sample says of which turn it is, and whether that was interrupted before it was sent."""
    dice, turns, pieces = random.Random(4), 100, 0  # noqa: S311  # no secret
    native = AudioFormat("pcm16", 16_000)

    def piece(turn: int, *, late: bool) -> bytes:
        return np.full(160, turn * 2 + late, dtype="<i2").tobytes()

    async def script(peer: Peer) -> None:
        nonlocal pieces
        for turn in range(turns):
            for _ in range(dice.randrange(8)):
                peer.send(audio=piece(turn, late=False))
                pieces += 1
            if dice.random() < 0.7:
                peer.send(interrupted=True)
                for _ in range(dice.randrange(4)):
                    peer.send(audio=piece(turn, late=True), spoken="never heard")
            peer.over()
            if dice.random() < 0.2:
                peer.send(interrupted=True)
        peer.send(end=True)

    heard: list[int] = []
    async with (
        serving(script) as service,
        parley(service)(output_audio_format=native, audio_output_callback=heard.extend) as session,
    ):
        events = await until(session, has("end"))

    # a turn that begins with late audio alone was interrupted while nothing was said: nothing tells that
    begun = {value // 2 for value in heard if not value % 2}
    assert [value for value in heard if value % 2 and value // 2 in begun] == []
    assert len([value for value in heard if not value % 2]) == pieces * 160
    assert shape(events).count("Interruption") <= turns * 2


async def test_service_without_turns_can_be_silenced_too():
    """Nothing tells when the rest is over: what comes after the interruption is heard again."""
    silenced = asyncio.Event()

    async def script(peer: Peer) -> None:
        peer.says(pcm=bytes(24_000))
        await silenced.wait()
        peer.says("Hello?", pcm=bytes(24_000))

    player = Player()
    async with serving(script) as service, parley(service, LIVE)(audio_output_callback=player) as session:
        await until(session, lambda _: player.given_ms == 500)
        await session.interrupt()
        silenced.set()
        events = await until(session, has("spoken"))

    assert player.clears == 1
    assert "Response done" not in shape(events)
    assert printed(events) == "Hello? "
    assert heard_ms(events) >= 0
