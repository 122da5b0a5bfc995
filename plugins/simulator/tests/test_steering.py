"""What a test does to a running session, over a real socket and over the memory pipe."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import pytest
from realtime_core.errors import ConnectionLost
from realtime_simulator.brain import Say, Wait
from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import configure
from realtime_simulator.reception import Reception
from realtime_simulator.server import SimulatorServer
from realtime_simulator.watch import Watch
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


@asynccontextmanager
async def socket_door(watch, **options):
    async with SimulatorServer(configure(speed=0, watch=watch, **options)) as server:
        url = f"{server.websocket_url}?model=m"
        async with connect(url, additional_headers={"Authorization": "Bearer x"}) as connection:
            yield connection


@asynccontextmanager
async def memory_door(watch, **options):
    pipe = MemoryPipe.open(configure(speed=0, watch=watch, **options))
    yield pipe
    await pipe.aclose()


@pytest.fixture(params=[socket_door, memory_door], ids=["socket", "memory"])
def door(request):
    return request.param


@pytest.fixture
def watch():
    return Watch()


async def send(pipe, kind, **payload):
    await pipe.send(json.dumps({"type": kind, **payload}))


async def until(pipe, kind):
    frames = []
    while not frames or frames[-1]["type"] != kind:
        frames.append(json.loads(await pipe.recv()))
    return frames


async def test_dropped_connection_ends_without_a_close_frame(door, watch):
    async with door(watch) as pipe:
        await until(pipe, "session.created")

        (await watch.session()).drop()

        with pytest.raises((ConnectionClosed, ConnectionLost)) as caught:
            await pipe.recv()
    assert getattr(caught.value, "rcvd", None) is None
    assert watch.sessions[0].ended_by == "server"


async def test_drop_overtakes_what_is_still_to_be_said(door, watch):
    async with door(watch, brain=lambda _: [Say("One."), Wait(3_600_000), Say("Two.")]) as pipe:
        await send(pipe, "response.create")
        await until(pipe, "response.output_item.done")

        watch.sessions[0].drop()

        with pytest.raises((ConnectionClosed, ConnectionLost)):
            await pipe.recv()


async def test_close_has_its_code(door, watch):
    async with door(watch) as pipe:
        await until(pipe, "session.created")

        (await watch.session()).close(1013, "later")

        with pytest.raises((ConnectionClosed, ConnectionLost)) as caught:
            await pipe.recv()
    exc = caught.value
    assert (exc.rcvd.code if isinstance(exc, ConnectionClosed) else exc.code) == 1013


async def test_client_that_leaves_has_ended_the_session(door, watch):
    async with door(watch) as pipe:
        await until(pipe, "session.created")

    assert watch.sessions[0].ended_by == "client"


async def test_any_event_can_be_sent(door, watch):
    async with door(watch) as pipe:
        await until(pipe, "session.created")

        (await watch.session()).send("error", error={"code": "x"})

        (frame,) = await until(pipe, "error")
    assert (frame["error"], frame["event_id"][:6]) == ({"code": "x"}, "event_")


async def test_event_that_is_no_json_is_refused_where_it_is_sent(door, watch):
    async with door(watch) as pipe:
        await until(pipe, "session.created")

        with pytest.raises(TypeError):
            (await watch.session()).send("error", error=object())

        await send(pipe, "input_audio_buffer.clear")
        await until(pipe, "input_audio_buffer.cleared")


async def test_barge_in_cancels_what_is_being_said_and_is_answered(door, watch, collapsed):
    def brain(turn):
        return Say(f"Not {turn.text}.") if turn.text else [Say("One."), Wait(3_600_000), Say("Two.")]

    async with door(watch, brain=brain) as pipe:
        await send(pipe, "response.create")
        await until(pipe, "response.output_item.done")
        session = watch.sessions[0]

        session.user_starts_speaking()
        barged = await until(pipe, "response.done")
        session.user_stops_speaking("stop")
        answered = await until(pipe, "response.done")

    assert collapsed(barged) == ["input_audio_buffer.speech_started", "response.done"]
    assert barged[-1]["response"]["status_details"]["reason"] == "turn_detected"
    assert collapsed(answered)[:5] == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    assert answered[-1]["response"]["output"][0]["content"][0]["transcript"] == "Not stop."


async def test_words_of_the_user_are_transcribed_if_the_session_wants_that(door, watch, the):
    transcription = {"model": "whisper-1"}
    async with door(watch, brain=lambda _: Say("Yes.")) as pipe:
        session = {"type": "realtime", "audio": {"input": {"transcription": transcription}}}
        await send(pipe, "session.update", session=session)
        await until(pipe, "session.updated")

        watch.sessions[0].user_says("Hello?")

        frames = await until(pipe, "response.done")
    completed = the("conversation.item.input_audio_transcription.completed", frames)
    assert completed["transcript"] == "Hello?"


async def test_words_come_from_the_transcripts_if_the_test_gives_none(door, watch, the):
    async with door(watch, transcripts=["Hello?"]) as pipe:
        await until(pipe, "session.created")
        session = await watch.session()

        session.user_starts_speaking()
        session.user_stops_speaking()

        done = the("response.done", await until(pipe, "response.done"))
    assert done["response"]["output"][0]["content"][0]["transcript"] == "You said: Hello?"


async def test_steered_speech_holds_the_audio_that_came_with_it(door, watch, silence, the):
    async with door(watch) as pipe:
        await until(pipe, "session.created")
        session = await watch.session()
        session.user_starts_speaking()
        await send(pipe, "input_audio_buffer.append", audio=base64.b64encode(silence(1000)).decode())
        await session.expect("input_audio_buffer.append")

        session.user_stops_speaking("")

        done = the("response.done", await until(pipe, "response.done"))
    said = done["response"]["output"][0]["content"][0]["transcript"]
    assert said == "I heard 1.0 seconds of speech."


async def test_expected_frame_is_one_that_the_client_sent(door, watch):
    async with door(watch) as pipe:
        waiting = asyncio.ensure_future(watch.expect("response.create", response={"metadata": {"a": "b"}}))
        await send(pipe, "response.create", response={"metadata": {"a": "b"}})

        await until(pipe, "response.done")

        assert (await waiting)["response"] == {"metadata": {"a": "b"}}
        assert (await watch.sessions[0].expect_sent("response.done"))["response"]["status"] == "completed"


async def test_fault_of_one_session_strikes_no_other(watch):
    async with SimulatorServer(configure(watch=watch, faults="abort@1#2")) as server:
        url = f"{server.websocket_url}?model=m"
        headers = {"Authorization": "Bearer x"}
        async with connect(url, additional_headers=headers) as connection:
            await until(connection, "session.created")
        async with connect(url, additional_headers=headers) as connection:
            with pytest.raises(ConnectionClosed):
                await connection.recv()


async def test_sessions_of_a_watch_are_counted_for_faults(watch):
    options = configure(watch=watch, faults="abort@1#2")

    first, second = MemoryPipe.open(options), MemoryPipe.open(options)

    await until(first, "session.created")
    with pytest.raises(ConnectionLost):
        await second.recv()


async def test_text_that_is_no_event_can_be_sent(door, watch):
    async with door(watch) as pipe:
        await until(pipe, "session.created")

        (await watch.session()).send_text('{"type":')

        assert await pipe.recv() == '{"type":'


async def test_held_response_begins_and_goes_no_further_until_it_is_released(door, watch, collapsed):
    async with door(watch) as pipe:
        await until(pipe, "session.created")
        session = await watch.session()
        session.hold()
        session.respond()
        await send(pipe, "input_audio_buffer.clear")
        held = await until(pipe, "input_audio_buffer.cleared")

        session.release("response.output_audio.delta")
        begun = await until(pipe, "response.output_audio.delta")
        await send(pipe, "input_audio_buffer.clear")
        between = await until(pipe, "input_audio_buffer.cleared")
        session.release()
        done = await until(pipe, "response.done")

    assert collapsed(held) == ["response.created", "input_audio_buffer.cleared"]
    assert collapsed(begun)[-1:] == ["response.output_audio.delta"]
    assert collapsed(between) == ["input_audio_buffer.cleared"]
    assert done[-1]["response"]["status"] == "completed"


async def test_response_that_nobody_asked_for_is_refused_while_one_goes_on(door, watch):
    async with door(watch) as pipe:
        await until(pipe, "session.created")
        session = await watch.session()
        session.hold()

        session.respond()
        assert session.is_responding
        session.respond()

        (*_, error) = await until(pipe, "error")
    assert error["error"]["code"] == "conversation_already_has_active_response"


async def test_frame_can_be_torn():
    watch = Watch()
    async with socket_door(watch) as connection:
        await until(connection, "session.created")
        # what a frame begins with is its kind and its length
        received = []
        take = connection.protocol.receive_data
        connection.protocol.receive_data = lambda data: (received.append(data), take(data))

        (await watch.session()).drop(is_torn=True)

        with pytest.raises(ConnectionClosed) as caught:
            await connection.recv()
    assert caught.value.rcvd is None
    assert b"".join(received)[:4] == b"\x81\x7e\x10\x00"


async def test_next_session_has_the_faults_that_were_planned_for_it(watch):
    watch.reception.fault("close:1013@1")
    async with SimulatorServer(configure(watch=watch)) as server:
        url = f"{server.websocket_url}?model=m"
        headers = {"Authorization": "Bearer x"}
        async with connect(url, additional_headers=headers) as connection:
            with pytest.raises(ConnectionClosed) as caught:
                await connection.recv()
        async with connect(url, additional_headers=headers) as connection:
            await until(connection, "session.created")
    assert caught.value.rcvd.code == 1013


async def test_next_one_can_be_refused():
    async with SimulatorServer() as server:
        server.reception.refuse(503)
        url = f"{server.websocket_url}?model=m"
        headers = {"Authorization": "Bearer x"}
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, additional_headers=headers)
        async with connect(url, additional_headers=headers) as connection:
            await until(connection, "session.created")
    assert caught.value.response.status_code == 503


class Doorbell(Reception):
    """Tells when somebody comes."""

    def __init__(self):
        super().__init__()
        self.rang = asyncio.Event()

    def meet(self):
        self.rang.set()
        return super().meet()


async def test_next_one_can_be_ignored(watch):
    watch.reception = Doorbell()
    watch.reception.ignore()
    async with SimulatorServer(configure(watch=watch)) as server:
        url = f"{server.websocket_url}?model=m"
        headers = {"Authorization": "Bearer x"}
        ignored = asyncio.ensure_future(connect(url, additional_headers=headers).__aenter__())
        await watch.reception.rang.wait()
        async with connect(url, additional_headers=headers) as connection:
            await until(connection, "session.created")
            assert not ignored.done()
    with pytest.raises(InvalidStatus) as caught:
        await ignored
    assert caught.value.response.status_code == 503
