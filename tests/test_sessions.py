"""Whole sessions of openai-ws over a real socket: what the engine guarantees, with a server that tests it."""

import asyncio
import base64
import contextlib
import json
from typing import Any

import pytest
from conftest import Serve, audio_delta, frame, open_session
from realtime_core import (
    AudioFormat,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    ProviderError,
    RealtimeAudioEvent,
    RealtimeClient,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    SessionLimits,
    SessionStateError,
    create_client,
)

pytestmark = pytest.mark.usefixtures("no_leaks")

DONE = frame("response.done", response={"id": "resp_1", "status": "completed", "output": []})


def client(url: str, **kwargs: Any) -> RealtimeClient:
    return create_client("openai-ws", api_key="sk-test", base_url=url, **kwargs)


def sends(count: int, pcm: bytes = bytes(96)) -> Any:
    """A server that answers any request with ``count`` audio deltas, each marked with its number."""

    async def script(socket: Any) -> None:
        await open_session(socket)
        async for _ in socket:
            for number in range(count):
                await socket.send(audio_delta(number.to_bytes(4, "little") + pcm, number))
            await socket.send(DONE)

    return script


async def test_thousand_deltas_reach_the_callback_while_the_consumer_is_held(serve_script: Serve):
    played, all_played = [], asyncio.Event()

    def play(samples: Any) -> None:
        played.append(samples)
        if len(played) == 1_000:
            all_played.set()

    async with serve_script(sends(1_000)) as url, client(url)() as session:
        stream = session.receive(play)
        await anext(stream)  # the consumer now holds its first event
        await session.create_response()

        await all_played.wait()

        assert session.stats.queued_events >= 1_000
        assert session.stats.dropped_events == 0


async def test_callback_that_raises_ends_nothing(serve_script: Serve):
    calls = []

    def play(samples: Any) -> None:
        calls.append(len(samples))
        raise RuntimeError("the speaker is on fire")

    async with serve_script(sends(5)) as url, client(url)() as session:
        await session.create_response()
        events = [event async for event in until_done(session, play)]

    assert len(calls) == 5
    codes = [event.code for event in events if isinstance(event, RealtimeErrorEvent)]
    assert codes == ["callback_failed"]  # a run of failures is told once
    assert sum(isinstance(event, RealtimeAudioEvent) for event in events) == 5


async def collect(stream: Any, events: list[RealtimeEvent]) -> None:
    async for event in stream:
        events.append(event)  # noqa: PERF401  # what came is kept although the loop raises


async def until_done(session: Any, play: Any = None) -> Any:
    async for event in session.receive(play):
        yield event
        if isinstance(event, RealtimeResponseEvent) and event.phase == "done":
            return


async def test_ten_thousand_deltas_arrive_complete_and_in_order_at_a_slow_consumer(serve_script: Serve):
    numbers = []

    async with serve_script(sends(10_000)) as url, client(url)() as session:
        await session.create_response()
        async for event in until_done(session):
            if isinstance(event, RealtimeAudioEvent):
                numbers.append(int.from_bytes(event.audio.data[:4], "little"))
                await asyncio.sleep(0)  # every other task gets its turn before the consumer goes on

    assert numbers == list(range(10_000))


async def test_hundred_thousand_deltas_nobody_reads_stay_within_the_bound(serve_script: Serve):
    limits = SessionLimits(queue_bytes=256 * 1024)
    played, all_played, last = 0, asyncio.Event(), 100_000

    def play(_: Any) -> None:
        nonlocal played
        played += 1
        if played == last:
            all_played.set()

    async with serve_script(sends(last)) as url, client(url, limits=limits)() as session:
        session.receive(play)
        await session.create_response()
        await all_played.wait()
        stats = session.stats
        seen = lost = 0
        async for event in until_done(session):
            seen += isinstance(event, RealtimeAudioEvent)
            lost += event.lost_events if isinstance(event, RealtimeErrorEvent) else 0

    assert stats.queued_bytes <= limits.queue_bytes
    assert stats.dropped_events > 90_000
    assert seen + lost == last


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4000])
async def test_server_that_closes_gives_a_last_event_and_a_typed_reason(serve_script: Serve, code: int):
    async def script(socket: Any) -> None:
        await open_session(socket)
        await socket.close(code)

    async with serve_script(script) as url, client(url)() as session:
        events: list[RealtimeEvent] = []

        with pytest.raises(ConnectionLost) as lost:
            await collect(session.receive(), events)

    assert lost.value.code == code
    assert isinstance(lost.value.reason, LostReason)
    assert isinstance(events[-1], RealtimeSessionEvent)
    assert (events[-1].phase, events[-1].code) == ("closed", code)


async def test_loss_that_nobody_iterates_is_raised_where_the_session_is_left(serve_script: Serve):
    async def script(socket: Any) -> None:
        await open_session(socket)
        await socket.close(1000)

    async with serve_script(script) as url:
        with pytest.raises(ConnectionLost):
            async with client(url)() as session:
                await session.wait_closed()


async def test_sixty_minute_limit_is_told_apart(serve_script: Serve):
    async def script(socket: Any) -> None:
        await open_session(socket)
        await socket.close(1001, "Your session hit the maximum duration of 60 minutes.")

    async with serve_script(script) as url:
        with pytest.raises(ConnectionLost) as lost:
            async with client(url)() as session:
                await session.wait_closed()

    assert lost.value.reason is LostReason.EXPIRED


async def test_aborted_connection_is_dropped(serve_script: Serve):
    async def script(socket: Any) -> None:
        await open_session(socket)
        socket.transport.abort()

    async with serve_script(script) as url:
        with pytest.raises(ConnectionLost) as lost:
            async with client(url)() as session:
                await session.wait_closed()

    assert lost.value.reason is LostReason.DROPPED


async def test_server_that_hangs_up_at_once_refuses_the_opening(serve_script: Serve):
    async def script(socket: Any) -> None:
        await socket.close(1001)

    async with serve_script(script) as url:
        with pytest.raises(ConnectionLost):
            await client(url).create_session()


async def test_server_that_stays_silent_ends_the_opening_in_time(serve_script: Serve):
    async def script(socket: Any) -> None:
        await socket.wait_closed()

    async with serve_script(script) as url:
        with pytest.raises(ConnectionFailed) as failed:
            await client(url, timeout_s=2).create_session()

    assert failed.value.reason is FailedReason.TIMEOUT
    assert "session to be created" in str(failed.value)


async def test_cancelled_opening_leaves_nothing(serve_script: Serve):
    connected = asyncio.Event()

    async def script(socket: Any) -> None:
        connected.set()
        await socket.wait_closed()

    async with serve_script(script) as url:
        opening = asyncio.ensure_future(client(url).create_session())
        await connected.wait()
        opening.cancel()

        with pytest.raises(asyncio.CancelledError):
            await opening


async def test_time_limit_around_anext_loses_nothing(serve_script: Serve):
    async with serve_script(sends(3)) as url, client(url)() as session:
        stream = session.receive()
        while session.stats.queued_events:
            await anext(stream)
        for _ in range(20):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(stream), 0)
        await session.create_response()

        events = [event async for event in until_done(session)]

    assert sum(isinstance(event, RealtimeAudioEvent) for event in events) == 3


async def test_session_deleted_inside_the_loop_ends_it_quietly(serve_script: Serve):
    async with serve_script(sends(10)) as url, client(url)() as session:
        await session.create_response()
        events = []
        async for event in session.receive():
            events.append(event)
            if isinstance(event, RealtimeAudioEvent):
                await session.delete_session()

    assert isinstance(events[-1], RealtimeSessionEvent)
    assert (events[-1].phase, events[-1].reason) == ("closed", "deleted")


async def test_session_deleted_inside_its_own_callback_ends(serve_script: Serve):
    returned = asyncio.Event()

    async with serve_script(sends(10)) as url, client(url)() as session:

        async def play(_: Any) -> None:
            await session.delete_session()
            await asyncio.sleep(0)
            returned.set()

        await session.create_response()
        async for _ in session.receive(play):
            pass

    assert returned.is_set()


async def test_sending_before_and_after_raises_at_once(serve_script: Serve):
    async with serve_script(sends(1)) as url:
        session = client(url)()

        with pytest.raises(SessionStateError):
            await session.send_audio(b"\0\0")
        async with session:
            pass
        with pytest.raises(SessionStateError):
            await session.send_audio(b"\0\0")


async def test_two_sessions_of_one_client_talk_at_once(serve_script: Serve):
    async with serve_script(sends(50)) as url:
        both = client(url)
        async with both() as one, both() as two:

            async def hear(session: Any) -> int:
                await session.create_response()
                return sum([isinstance(event, RealtimeAudioEvent) async for event in until_done(session)])

            heard = await asyncio.gather(hear(one), hear(two))

            with pytest.raises(SessionStateError, match="2 sessions"):
                both.receive()
            with pytest.raises(SessionStateError, match="2 sessions"):
                await both.update_session(voice="cedar")

    assert heard == [50, 50]


async def test_garbage_is_reported_and_survived(serve_script: Serve):
    async def script(socket: Any) -> None:
        await open_session(socket)
        for hostile in ("not json", "[1]", "{}", '{"type": 5}', '{"type": "a.new.thing"}', b"\xff\xfe"):
            await socket.send(hostile)
        await socket.send(DONE)
        await socket.wait_closed()

    async with serve_script(script) as url, client(url)() as session:
        events = [event async for event in until_done(session)]

    errors = [event for event in events if isinstance(event, RealtimeErrorEvent)]
    assert [error.fatal for error in errors] == [False] * 5
    assert [event.service_type for event in events if event.service_type == "a.new.thing"] == ["a.new.thing"]


def kinds(received: list[Any]) -> list[str]:
    return [message["type"].removeprefix("input_audio_buffer.") for message in received]


def listens(received: list[Any], answer: Any = None) -> Any:
    """A server that keeps what it is sent after opening, and answers an update as told, or at once."""

    async def script(socket: Any) -> None:
        await open_session(socket)
        async for text in socket:
            message = json.loads(text)
            received.append(message)
            match message["type"]:
                case "session.update" if answer is not None:
                    await answer(socket, message)
                case "session.update":
                    await socket.send(frame("session.updated", session=message["session"]))
                case "input_audio_buffer.commit":
                    await socket.send(frame("input_audio_buffer.committed", item_id="item_1"))
                case "response.create":
                    await socket.send(DONE)

    return script


async def test_order_of_sends_is_order_at_the_service_also_around_large_audio(serve_script: Serve):
    received: list[Any] = []

    async with serve_script(listens(received)) as url, client(url)() as session:
        await asyncio.gather(
            session.send_audio(bytes(5 * 1024 * 1024)), session.send_audio(bytes(96)), session.commit_audio()
        )

    assert kinds(received) == ["append"] * 21 + ["commit"]
    assert [len(base64.b64decode(message["audio"])) for message in received[:-1]] == [256 * 1024] * 20 + [96]


async def test_audio_after_a_change_of_format_is_in_the_new_format(serve_script: Serve):
    received: list[Any] = []

    async with serve_script(listens(received)) as url, client(url)() as session:
        await session.send_audio(bytes(960))
        await asyncio.gather(
            session.update_session(input_audio_format="g711_ulaw"), session.send_audio(bytes(160))
        )

    assert kinds(received) == ["append", "session.update", "append"]
    assert [len(base64.b64decode(received[number]["audio"])) for number in (0, 2)] == [960, 160]


async def test_change_of_settings_counts_although_nobody_waits_for_it_any_more(serve_script: Serve):
    received: list[Any] = []
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def late(socket: Any, message: Any) -> None:
        asked.set()
        await go_on.wait()
        await socket.send(frame("session.updated", session=message["session"]))

    async with serve_script(listens(received, late)) as url, client(url)() as session:
        updating = asyncio.ensure_future(
            session.update_session(input_audio_format="g711_ulaw", voice="cedar")
        )
        await asked.wait()
        updating.cancel()
        go_on.set()
        while not session.settings.voice:
            await anext(session.receive())
        voice = session.settings.voice
        await session.send_audio(bytes(160))
        await session.create_response()
        _ = [event async for event in until_done(session)]

    assert voice == "cedar"
    assert len(base64.b64decode(received[1]["audio"])) == 160


async def test_refused_change_of_settings_changes_nothing(serve_script: Serve):
    received: list[Any] = []

    async def refuse(socket: Any, message: Any) -> None:
        error = {"type": "invalid_request_error", "code": "invalid_value", "event_id": message["event_id"]}
        await socket.send(frame("error", error={**error, "message": "no", "param": None}))

    async with serve_script(listens(received, refuse)) as url, client(url)() as session:
        with pytest.raises(ProviderError, match="invalid_value"):
            await session.update_session(input_audio_format="g711_ulaw", voice="cedar")
        voice = session.settings.voice
        await session.send_audio(bytes(960))
        await session.create_response()
        _ = [event async for event in until_done(session)]

    assert not voice
    assert len(base64.b64decode(received[1]["audio"])) == 960


async def test_raw_change_of_the_input_format_is_followed(serve_script: Serve):
    received: list[Any] = []
    pcmu = {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcmu"}}}}
    raw = RealtimeEvent(service_type="session.update", service_event={"session": pcmu})

    async with serve_script(listens(received)) as url, client(url)() as session:
        await session.send(raw)
        async for event in session.receive():
            if isinstance(event, RealtimeSessionEvent) and event.input_format == AudioFormat("g711_ulaw"):
                break
        await session.send_audio(bytes(48_000))
        await session.commit_audio()

    sent = sum(len(base64.b64decode(message["audio"])) for message in received if "audio" in message)
    assert sent == pytest.approx(8_000, abs=8)  # a second of G.711, made of a second of PCM at 24 kHz


async def test_service_that_speaks_of_an_update_before_the_session_has_not_opened_it(serve_script: Serve):
    async def script(socket: Any) -> None:
        await socket.send(frame("session.updated", session={"type": "realtime"}))
        await socket.wait_closed()

    async with serve_script(script) as url:
        with pytest.raises(ConnectionFailed, match="session to be created"):
            await client(url, timeout_s=2).create_session()


async def test_callback_that_swallows_its_cancellation_holds_no_deletion_up(serve_script: Serve):
    called, let_go = asyncio.Event(), asyncio.Event()

    async def play(_: Any) -> None:
        called.set()
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()

    limits = SessionLimits(close_timeout_s=0.05)
    async with serve_script(sends(2)) as url:
        session = await client(url, limits=limits).create_session(audio_output_callback=play)
        await session.create_response()
        await called.wait()

        await session.delete_session()
        state = session.state
        let_go.set()
        await asyncio.sleep(0.01)  # the callback has its way to its end; nothing else is waited for

    assert state == "closed"


async def test_another_event_loop_may_not_wait_for_events(serve_script: Serve):
    async with serve_script(sends(1)) as url, client(url)() as session:
        stream = session.receive()
        while session.stats.queued_events:
            await anext(stream)

        with pytest.raises(SessionStateError, match="another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(one(stream)))


async def one(stream: Any) -> Any:
    return await anext(stream)
