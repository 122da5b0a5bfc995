"""The engine's guarantees at a provider with its own protocol over its own socket: see `own_protocol`."""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listening import collect, heard_ms, is_done, printed, shape, until
from own_protocol.frames import MOST_BYTES, pack
from own_protocol.provider import LIVE, TURNS, Codec
from own_protocol.server import Peer, serving, silent
from own_protocol.talk import KEY, both, has, parley
from realtime_core import (
    AudioContent,
    AudioFormat,
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    ProviderError,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    SessionStateError,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.engine.native import native_settings
from realtime_core.provider import Provider, Setup
from workspace import ROOT

pytestmark = pytest.mark.usefixtures("no_leaks")


def a_setup() -> Setup:
    """One with nothing but what the engine always sets."""
    return Setup(settings=native_settings(TURNS.settings(), TURNS.capabilities))


# -- what is said and heard ----------------------------------------------------------------------


async def test_reply_arrives_whole_in_the_format_of_the_session():
    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says("Good morning to you.", pcm=bytes(32_000))
        peer.over(tokens={"in": 3, "out": 5})

    async with serving(script) as service, parley(service)() as session:
        await session.send_text("Hello", respond=True)
        events = await until(session, is_done)
        peer = await service.peer()

    assert printed(events) == "Good morning to you. "
    assert heard_ms(events) == pytest.approx(1_000, abs=1)  # 16 kHz on the wire, 24 kHz here
    assert {e.audio.format for e in events if isinstance(e, RealtimeAudioEvent)} == {
        AudioFormat("pcm16", 24_000)
    }
    assert peer.order == ["setup", "says", "go"]
    assert peer.told("says") == [{"role": "user", "text": "Hello"}]


@both
async def test_users_audio_arrives_at_the_rate_of_the_service(provider: Provider):
    async with serving() as service, parley(service, provider)() as session:
        for _ in range(50):
            await session.send_audio(bytes(960))  # 20 ms at 24 kHz
        await session.commit_audio()
        peer = await service.peer()
        await peer.expect("pause")

    assert len(peer.pcm) == pytest.approx(32_000, abs=64)  # a second at 16 kHz
    assert peer.order[-1] == "pause"


async def test_native_audio_is_passed_on_untouched():
    pcm, native = bytes(range(256)), AudioFormat("pcm16", 16_000)

    async def script(peer: Peer) -> None:
        await peer.until(lambda: len(peer.pcm) == len(pcm))
        peer.send(audio=peer.pcm)
        peer.over()

    async with (
        serving(script) as service,
        parley(service)(input_audio_format=native, output_audio_format=native) as session,
    ):
        await session.send_audio(pcm)
        events = await until(session, is_done)

    assert [e.audio for e in events if isinstance(e, RealtimeAudioEvent)] == [AudioContent(pcm, native)]


async def test_callback_gets_the_audio_of_a_service_without_turns():
    async def script(peer: Peer) -> None:
        peer.says("Yes?", pcm=bytes(48_000))

    samples = 0

    def play(pcm: Any) -> None:
        nonlocal samples
        samples += len(pcm)

    async with serving(script) as service, parley(service, LIVE)(audio_output_callback=play) as session:
        events = await until(session, has("spoken"))

    assert samples == 24_000
    assert heard_ms(events) == pytest.approx(1_000)
    assert "Response created" not in shape(events)


async def test_meanings_of_one_frame_are_told_in_its_order():
    async def script(peer: Peer) -> None:
        peer.send(
            heard={"text": "What is the weather?", "whole": True},
            audio=bytes(640),
            spoken="Sunny.",
            weather="fine",
            tokens={"in": 7, "out": 2},
            over=True,
        )

    async with serving(script) as service, parley(service)() as session:
        events = await until(session, is_done)

    # what the converter of the audio still held comes before the end of the response
    assert [kind for kind in shape(events) if kind not in ("", "Audio")] == [
        "Session created",
        "Session updated",
        "Transcript",
        "Response created",
        "Text",
        "Response done",
    ]
    told = [event for event in events if event.service_event and "over" in event.service_event]
    assert len({id(event.service_event) for event in told}) == 1  # the frame itself, by reference
    assert [event.service_type for event in told] == [
        "heard", "audio", "audio", "spoken", "weather", "tokens", "over",
    ]  # fmt: skip
    done = events[-1]
    assert isinstance(done, RealtimeResponseEvent)
    assert done.status == "completed"
    assert done.usage is not None
    assert (done.usage.input_tokens, done.usage.output_tokens, done.usage.total_tokens) == (7, 2, 9)


@both
async def test_transcripts_of_the_user_come_as_the_service_gives_them(provider: Provider):
    async def script(peer: Peer) -> None:
        peer.send(heard={"text": "Hel", "whole": False})
        peer.send(heard={"text": "Hello", "whole": True}, end=True)

    async with serving(script) as service, parley(service, provider)() as session:
        events = await until(session, lambda event: event.service_type == "end")

    told = [event for event in events if isinstance(event, RealtimeTranscriptEvent)]
    assert [(event.role, event.text, event.final) for event in told] == [
        ("user", "Hel", False),
        ("user", "Hello", True),
    ]


async def test_frame_that_cannot_be_read_is_an_error_event_and_the_session_goes_on():
    async def script(peer: Peer) -> None:
        peer.send_bytes(b"\0\0\0\7no json")
        peer.send_bytes(b"\0\0\0\2[]")
        peer.send(calls=[{"name": "weather"}])
        peer.send(spoken=None)
        peer.send()
        peer.send(spoken="Still here.")
        peer.over()

    async with serving(script) as service, parley(service)() as session:
        events = await until(session, is_done)

    codes = [event.code for event in events if isinstance(event, RealtimeErrorEvent)]
    assert codes == ["unreadable_frame"] * 4
    assert printed(events) == "Still here."


_MEANINGS = st.sampled_from(["audio", "spoken", "calls", "heard", "interrupted", "over", "tokens"])
_VALUES = st.sampled_from([None, True, 1, "x", [], ["x"], [{"id": "1", "name": "f", "args": {}}], {"in": 1}])
_FRAMES = st.dictionaries(_MEANINGS, _VALUES, max_size=4).map(lambda line: json.dumps(line).encode())


@settings(deadline=None)
@given(st.lists(st.binary(max_size=8) | _FRAMES, max_size=8))
def test_whatever_comes_is_told_and_no_response_ends_that_has_not_begun(bodies: list[bytes]):
    codec = Codec(a_setup(), turns=True)
    phases = []

    for body in bodies:
        events = codec.events(body)
        assert events
        phases += [event.phase for event in events if isinstance(event, RealtimeResponseEvent)]

    assert phases == ["created", "done"] * (len(phases) // 2) + ["created"] * (len(phases) % 2)


@both
async def test_raw_frames_go_out_as_they_are(provider: Provider):
    async with serving() as service, parley(service, provider)() as session:
        await session.send(RealtimeEvent(service_type="mood", service_event={"calm": True}))
        peer = await service.peer()

        assert await peer.expect("mood") == [{"calm": True}]


# -- opening -------------------------------------------------------------------------------------


@both
async def test_session_is_open_once_the_service_is_ready(provider: Provider):
    async with (
        serving() as service,
        parley(service, provider)(instructions="Be brief.", voice="ada") as session,
    ):
        assert session.id == "parley-1"
        peer = await service.peer()

    (setup,) = peer.told("setup")
    assert (setup["instructions"], setup["voice"]) == ("Be brief.", "ada")


@both
@pytest.mark.parametrize(
    ("name", "value"),
    [("speed", 1.5), ("turn_detection", None), ("max_output_tokens", 5), ("tool_choice", "none")],
)
async def test_setting_that_cannot_be_honoured_is_refused_by_name_before_anything_is_opened(
    provider: Provider, name: str, value: Any
):
    async with serving() as service:
        with pytest.raises(UnsupportedSetting, match=f"'{name}'"):
            await parley(service, provider).create_session({name: value})

        assert service.peers == []


@pytest.mark.parametrize(("word", "error"), [("key", AuthenticationFailed), ("model", ProviderError)])
async def test_refused_opening_raises_what_the_service_said(word: str, error: type[Exception]):
    async def refuse(peer: Peer) -> None:
        peer.send(refused=word)

    # the service that refuses may say so in the frame that begins the session, or instead of it
    async with serving(answer=refuse) as service:
        with pytest.raises((error, ConnectionFailed)) as refused:
            await parley(service).create_session()

    assert isinstance(refused.value, error)
    assert KEY not in str(refused.value)


async def test_service_that_does_not_answer_the_opening_is_a_timeout():
    async with serving(answer=silent) as service:
        with pytest.raises(ConnectionFailed) as failed:
            await parley(service, options={"timeout_s": 0.01}).create_session()

    assert failed.value.reason is FailedReason.TIMEOUT


async def test_port_where_nobody_listens_is_refused():
    async with serving() as service:
        pass

    with pytest.raises(ConnectionFailed) as failed:
        await parley(service).create_session()

    assert failed.value.reason is FailedReason.REFUSED


@pytest.mark.parametrize("ends", [Peer.close, Peer.drop, Peer.break_off])
async def test_service_that_hangs_up_while_opening_is_a_lost_connection(ends: Callable[[Peer], None]):
    async def hang_up(peer: Peer) -> None:
        ends(peer)

    async with serving(answer=hang_up) as service:
        with pytest.raises(ConnectionLost):
            await parley(service).create_session()


async def test_opening_that_is_cancelled_leaves_nothing():
    async with serving(answer=silent) as service:
        opening = asyncio.create_task(parley(service).create_session())
        peer = await service.peer()
        await peer.expect("setup")

        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening

        await peer.gone()


# -- the end -------------------------------------------------------------------------------------

ENDS = [
    pytest.param(lambda peer: peer.bye("done"), LostReason.CLOSED, id="done"),
    pytest.param(lambda peer: peer.bye("leaving"), LostReason.GOING_AWAY, id="leaving"),
    pytest.param(lambda peer: peer.bye("expired"), LostReason.EXPIRED, id="expired"),
    pytest.param(lambda peer: peer.bye("failed"), LostReason.SERVER_ERROR, id="failed"),
    pytest.param(lambda peer: peer.bye("no reason"), LostReason.REJECTED, id="unknown"),
    pytest.param(Peer.close, LostReason.DROPPED, id="closed without a word"),
    pytest.param(Peer.drop, LostReason.DROPPED, id="reset"),
    pytest.param(Peer.break_off, LostReason.DROPPED, id="inside a frame"),
    pytest.param(Peer.announce_too_much, LostReason.FRAME_TOO_BIG, id="frame too big"),
]


@both
@pytest.mark.parametrize(("ends", "reason"), ENDS)
async def test_end_that_nobody_asked_for_has_a_last_event_and_a_typed_reason(
    provider: Provider, ends: Callable[[Peer], None], reason: LostReason
):
    async def script(peer: Peer) -> None:
        peer.says("Before the end", pcm=bytes(640))
        ends(peer)

    events: list[RealtimeEvent] = []
    async with serving(script) as service, parley(service, provider)() as session:
        with pytest.raises(ConnectionLost) as lost:
            await collect(session, events)

        with pytest.raises(SessionStateError):
            await session.send_text("Is anybody there?")

    assert lost.value.reason is reason
    assert isinstance(events[-1], RealtimeSessionEvent)
    assert (events[-1].phase, events[-1].reason) == ("closed", str(reason))
    if ends is not Peer.drop:  # a reset may overtake what was said
        assert printed(events) == "Before the end "


@both
async def test_loss_that_nobody_iterates_is_raised_where_the_session_is_left(provider: Provider):
    async def script(peer: Peer) -> None:
        peer.bye("done")

    async with serving(script) as service:
        with pytest.raises(ConnectionLost):
            async with parley(service, provider)() as session:
                await session.wait_closed()


@both
async def test_session_that_is_deleted_ends_the_stream_and_the_connection(provider: Provider):
    async with serving() as service:
        session = await parley(service, provider).create_session()
        reading = asyncio.create_task(until(session, lambda _: False))
        peer = await service.peer()

        await asyncio.gather(session.delete_session(), session.delete_session())

        events = await reading
        await peer.gone()
        assert isinstance(events[-1], RealtimeSessionEvent)
        assert (events[-1].phase, events[-1].reason) == ("closed", "deleted")


async def test_session_ends_although_the_service_takes_nothing_any_more():
    stalled = asyncio.Event()

    async def stall(peer: Peer) -> None:
        await peer.expect("audio")
        peer.stop_reading()
        stalled.set()

    async with serving(stall) as service:
        native = AudioFormat("pcm16", 16_000)
        session = await parley(service).create_session(input_audio_format=native)
        sending = asyncio.create_task(session.send_audio(bytes(MOST_BYTES)))  # more than a socket holds
        await stalled.wait()

        await session.delete_session()

        with pytest.raises((ConnectionLost, SessionStateError)):
            await sending


# -- cancelling ----------------------------------------------------------------------------------


@both
async def test_reading_that_is_cancelled_loses_nothing(provider: Provider):
    frames = [pack({"spoken": f"{number} "}) for number in range(200)]

    async def script(peer: Peer) -> None:
        for byte in b"".join(frames):
            peer.send_bytes(bytes([byte]))
            await asyncio.sleep(0)
        peer.send(end=True)

    events: list[RealtimeEvent] = []
    async with serving(script) as service, parley(service, provider)() as session:
        stream = session.receive()
        while not events or events[-1].service_type != "end":
            waiting = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0)
            waiting.cancel()  # which has no effect on one that is done
            with contextlib.suppress(asyncio.CancelledError):
                events.append(await waiting)

    assert printed(events) == "".join(f"{number} " for number in range(200))


async def test_connection_whose_reading_is_cancelled_at_any_byte_loses_nothing():
    async def script(peer: Peer) -> None:
        for byte in b"".join(pack({"spoken": f"{number}", "audio": bytes(6)}) for number in range(20)):
            peer.send_bytes(bytes([byte]))
            await asyncio.sleep(0)
        peer.close()

    events: list[RealtimeEvent] = []
    async with serving(script) as service:
        connection = await TURNS.connect(TURNS.options(port=service.port), a_setup())

        async def read_in_snatches() -> None:
            while True:
                waiting = asyncio.ensure_future(connection.receive())
                await asyncio.sleep(0)
                waiting.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    events.extend(await waiting)

        with pytest.raises(ConnectionLost):
            await read_in_snatches()
        with pytest.raises(ConnectionLost):  # and again
            await connection.receive()
        await connection.aclose()
        await connection.aclose()

    assert [event.text.text for event in events if isinstance(event, RealtimeTextEvent)] == [
        str(number) for number in range(20)
    ]


# -- what it cannot do ---------------------------------------------------------------------------


async def test_response_cannot_be_asked_for_without_turns():
    async with serving() as service, parley(service, LIVE)() as session:
        with pytest.raises(UnsupportedCommand, match="parley"):
            await session.create_response()
        with pytest.raises(UnsupportedCommand, match="parley"):
            await session.send_text("Hello", respond=True)
        with pytest.raises(UnsupportedCommand, match="parley"):
            parley(service, LIVE)(create_response=True)
        peer = await service.peer()

    assert peer.order == ["setup"]


@both
async def test_settings_cannot_be_changed_in_an_open_session(provider: Provider):
    async with serving() as service, parley(service, provider)(voice="ada") as session:
        with pytest.raises(UnsupportedSetting, match="'voice'"):
            await session.update_session(voice="bob")
        peer = await service.peer()

    assert session.settings.voice == "ada"
    assert peer.order == ["setup"]


@both
async def test_what_the_service_has_no_words_for_is_refused(provider: Provider):
    async with serving() as service, parley(service, provider)() as session:
        with pytest.raises(UnsupportedCommand, match="ClearAudio"):
            await session.clear_audio()
        with pytest.raises(UnsupportedCommand, match="parley takes no images"):
            await session.send_image(b"\x89PNG\r\n\x1a\n")


@both
async def test_commands_return_when_they_are_written(provider: Provider):
    async with serving() as service, parley(service, provider)() as session:
        await session.send_text("Hello")  # nothing is ever answered here
        await session.commit_audio()
        peer = await service.peer()
        await peer.expect("pause")

    assert peer.order == ["setup", "says", "pause"]


def test_size_that_is_published_is_true():
    published = re.search(r"framing included, in (\d+) lines", (ROOT / "CONTRIBUTING.md").read_text())
    assert published is not None
    folder = ROOT / "tests" / "own_protocol"

    lines = sum(len((folder / name).read_text().splitlines()) for name in ("provider.py", "frames.py"))

    assert lines == int(published[1])
