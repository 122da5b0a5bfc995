import asyncio
import json
from collections import deque

import pytest
from realtime_core import AudioFormat, Message, RealtimeErrorEvent, RealtimeSessionEvent, ToolDefinition
from realtime_core.commands import AddItem, AppendAudio, Command, CommitAudio, Raw, UpdateSession
from realtime_core.errors import ConnectionLost, LostReason, UnsupportedCommand, UnsupportedSetting
from realtime_core.provider import Setup
from realtime_openai_wire.connection import WireConnection
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings

CREATED = '{"type": "session.created", "session": {"id": "s1"}}'
UPDATED = '{"type": "session.updated", "session": {"id": "s1"}}'
REFUSED = '{"type": "error", "error": {"code": "invalid_value", "event_id": null}}'
LOST = ConnectionLost("the server is gone", reason=LostReason.GOING_AWAY, code=1001)


class MemoryPipe:
    """A pipe whose far end is the test; ``gate`` holds what is sent until it is set."""

    def __init__(self, *frames):
        self.frames = deque(frames)
        self.arrived = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.sending = asyncio.Event()
        self.sent = []
        self.end = None
        self.closed = 0

    def deliver(self, *frames):
        self.frames.extend(frames)
        self.arrived.set()

    def lose(self, end=LOST):
        self.end = end
        self.arrived.set()

    async def send(self, text):
        self.sending.set()
        await self.gate.wait()
        if self.end is not None:
            raise self.end
        self.sent.append(json.loads(text))

    async def recv(self):
        while not self.frames:
            if self.end is not None:
                raise self.end
            self.arrived.clear()
            await self.arrived.wait()
        return self.frames.popleft()

    async def aclose(self):
        self.closed += 1
        self.gate.set()
        self.lose(ConnectionLost("closed here", reason=LostReason.CLOSED))

    @property
    def names(self):
        return [frame["type"] for frame in self.sent]


def settings(**values):
    formats = {"input_audio_format": "pcm16", "output_audio_format": "pcm16"}
    return OpenAIRealtimeExecutionSettings(**{**formats, **values})


def connect(pipe, **values):
    return WireConnection(pipe, Setup(settings=settings(**values), command_id="setup"))


async def opened(*frames):
    """A pipe and a connection whose configuration is in force."""
    pipe = MemoryPipe(CREATED, UPDATED, *frames)
    connection = connect(pipe)
    await connection.receive()
    await connection.receive()
    pipe.sent.clear()
    return pipe, connection


async def run_until_blocked(coroutine):
    """A task that got as far as it could without the test: the loop had turns enough, no time passed."""
    task = asyncio.create_task(coroutine)
    for _ in range(10):
        await asyncio.sleep(0)
    return task


async def test_the_configuration_goes_out_before_the_created_event():
    pipe = MemoryPipe(CREATED)
    connection = connect(pipe, voice="marin")

    (event,) = await connection.receive()

    assert (type(event), event.phase) == (RealtimeSessionEvent, "created")
    (frame,) = pipe.sent
    assert (frame["type"], frame["event_id"]) == ("session.update", "setup")
    assert frame["session"]["audio"] == {
        "input": {"format": {"type": "audio/pcm", "rate": 24000}},
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin"},
    }


async def test_tools_go_out_with_the_configuration():
    pipe = MemoryPipe(CREATED)
    connection = WireConnection(pipe, Setup(settings=settings(), tools=(ToolDefinition("f"),)))

    await connection.receive()

    (frame,) = pipe.sent
    assert [tool["name"] for tool in frame["session"]["tools"]] == ["f"]


async def test_without_tools_there_are_none_in_the_configuration():
    pipe = MemoryPipe(CREATED)

    await connect(pipe).receive()

    assert "tools" not in pipe.sent[0]["session"]


async def test_the_configuration_is_sent_once():
    pipe, connection = await opened(CREATED)

    await connection.receive()

    assert pipe.sent == []


async def test_nothing_is_sent_before_the_session_is_there():
    pipe = MemoryPipe('{"type": "conversation.created"}')
    connection = connect(pipe)

    await connection.receive()

    assert pipe.sent == []


@pytest.mark.parametrize(
    ("frame", "answer"), [(UPDATED, RealtimeSessionEvent), (REFUSED, RealtimeErrorEvent)]
)
async def test_the_answer_to_the_configuration_carries_the_setups_id(frame, answer):
    connection = connect(MemoryPipe(CREATED, frame))
    await connection.receive()

    (event,) = await connection.receive()

    assert (type(event), event.command_id) == (answer, "setup")


async def test_an_error_before_the_session_carries_the_setups_id():
    connection = connect(MemoryPipe(REFUSED))

    (event,) = await connection.receive()

    assert event.command_id == "setup"


async def test_an_update_that_nobody_asked_for_does_not_answer_the_configuration():
    pipe = MemoryPipe(UPDATED, CREATED, UPDATED)
    connection = connect(pipe)

    ids = [(await connection.receive())[0].command_id for _ in range(3)]

    assert ids == [None, None, "setup"]
    assert pipe.names == ["session.update"]


async def test_a_service_that_begins_with_an_update_is_configured():
    pipe = MemoryPipe(UPDATED)
    connection = connect(pipe)
    await connection.receive()
    pipe.deliver(UPDATED)

    (event,) = await connection.receive()

    assert event.command_id == "setup"


async def test_raw_updates_before_the_session_do_not_take_the_setups_answer():
    pipe = MemoryPipe()
    connection = connect(pipe)
    await connection.send(Raw(command_id="raw", service_type="session.update", payload={"session": {}}))
    pipe.deliver(CREATED, UPDATED, UPDATED)
    await connection.receive()

    ids = [(await connection.receive())[0].command_id for _ in range(2)]

    assert ids == ["raw", "setup"]


async def test_settings_that_cannot_be_written_raise_before_anything_is_sent():
    with pytest.raises(UnsupportedSetting):
        connect(MemoryPipe(), output_audio_format=AudioFormat("pcm16", 16_000))


async def test_tools_of_a_transcription_session_raise_before_anything_is_sent():
    with pytest.raises(UnsupportedSetting, match="'tools'"):
        WireConnection(
            MemoryPipe(),
            Setup(settings=settings(), tools=(ToolDefinition("f"),)),
            session_type="transcription",
        )


async def test_a_connection_for_transcription_configures_and_refuses_as_one():
    pipe = MemoryPipe(CREATED, UPDATED)
    connection = WireConnection(pipe, Setup(settings=settings()), session_type="transcription")

    await connection.receive()

    assert pipe.sent[0]["session"]["type"] == "transcription"
    with pytest.raises(UnsupportedCommand, match="only listens"):
        await connection.send(AddItem(item=Message("user", "Hello.")))


async def test_cancelling_receive_while_it_configures_loses_nothing_and_sends_once():
    pipe = MemoryPipe(CREATED, UPDATED)
    connection = connect(pipe)
    pipe.gate.clear()
    for _ in range(3):
        receiving = await run_until_blocked(connection.receive())
        receiving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await receiving
    pipe.gate.set()

    (created,) = await connection.receive()
    (updated,) = await connection.receive()

    assert (created.phase, updated.phase) == ("created", "updated")
    assert pipe.names == ["session.update"]


async def test_cancelling_a_waiting_receive_loses_nothing():
    pipe, connection = await opened()
    receiving = await run_until_blocked(connection.receive())
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    pipe.deliver('{"type": "x"}')

    (event,) = await connection.receive()

    assert event.service_type == "x"


async def test_a_link_lost_while_configuring_shows_after_the_frames_that_explain_it():
    pipe = MemoryPipe(CREATED, REFUSED)
    pipe.end = LOST
    connection = connect(pipe)

    (created,) = await connection.receive()
    (error,) = await connection.receive()

    assert (created.phase, error.kind) == ("created", "invalid_request")
    with pytest.raises(ConnectionLost, match="the server is gone"):
        await connection.receive()


async def test_closing_while_configuring_ends_the_waiting_receive():
    pipe = MemoryPipe(CREATED)
    connection = connect(pipe)
    pipe.gate.clear()
    receiving = await run_until_blocked(connection.receive())
    assert pipe.sending.is_set()

    await connection.aclose()

    with pytest.raises(ConnectionLost):
        await receiving


async def test_closing_before_the_session_is_there_closes_the_pipe():
    pipe = MemoryPipe()
    connection = connect(pipe)

    await connection.aclose()

    assert pipe.closed == 1
    assert pipe.sent == []


async def test_closing_after_a_cancelled_configuration_leaves_no_task():
    pipe = MemoryPipe(CREATED)
    connection = connect(pipe)
    pipe.gate.clear()
    receiving = await run_until_blocked(connection.receive())
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving

    await connection.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_commands_go_in_the_order_of_the_calls():
    pipe, connection = await opened()
    pipe.gate.clear()
    first = await run_until_blocked(connection.send(AppendAudio(data=b"ab")))
    second = await run_until_blocked(connection.send(CommitAudio()))
    third = await run_until_blocked(connection.send(AddItem(item=Message("user", "Hello."))))

    pipe.gate.set()
    await asyncio.gather(first, second, third)

    assert pipe.names == [
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "conversation.item.create",
    ]


async def test_an_update_of_another_model_is_refused_and_nothing_of_it_is_sent():
    pipe, connection = await opened()

    with pytest.raises(UnsupportedSetting, match="'model' is fixed when a session is made"):
        await connection.send(UpdateSession(settings=settings(model="another-model", speed=1.5)))
    await connection.send(UpdateSession(settings=settings(speed=1.5)))

    assert pipe.names == ["session.update"]


async def test_an_update_of_what_a_vendor_fixes_is_refused_but_not_of_what_it_says_already():
    pipe = MemoryPipe(CREATED, UPDATED)
    connection = WireConnection(pipe, Setup(settings=settings(voice="marin")), fixed={"voice", "speed"})
    await connection.receive()
    await connection.receive()
    pipe.sent.clear()

    with pytest.raises(UnsupportedSetting, match="'voice' is fixed when a session is made; open a new"):
        await connection.send(UpdateSession(settings=settings(voice="cedar")))
    with pytest.raises(UnsupportedSetting, match="'speed' is fixed"):
        await connection.send(UpdateSession(settings=settings(speed=1.5)))
    await connection.send(UpdateSession(settings=settings(voice="marin", instructions="Be brief.")))

    assert pipe.names == ["session.update"]


@pytest.mark.parametrize("answer", [UPDATED, REFUSED])
async def test_a_second_update_waits_for_the_answer_to_the_first_and_nothing_overtakes_it(answer):
    pipe, connection = await opened()
    await connection.send(UpdateSession(command_id="one", settings=settings(speed=1.0)))
    two = await run_until_blocked(
        connection.send(UpdateSession(command_id="two", settings=settings(speed=1.5)))
    )
    behind = await run_until_blocked(connection.send(AppendAudio(data=b"ab")))
    assert pipe.names == ["session.update"]
    pipe.deliver(answer, UPDATED)

    (first,) = await connection.receive()
    await asyncio.gather(two, behind)
    (second,) = await connection.receive()

    assert pipe.names == ["session.update", "session.update", "input_audio_buffer.append"]
    assert (first.command_id, second.command_id) == ("one", "two")


async def test_a_sender_that_goes_on_at_once_does_not_overtake_who_waits():
    pipe, connection = await opened()
    pipe.gate.clear()

    async def commit_and_append():
        await connection.send(CommitAudio())
        await connection.send(AppendAudio(data=b"ab"))

    first = await run_until_blocked(commit_and_append())
    queued = await run_until_blocked(connection.send(AddItem(item=Message("user", "Hello."))))
    pipe.gate.set()
    await asyncio.gather(first, queued)

    assert pipe.names[1:] == ["conversation.item.create", "input_audio_buffer.append"]


async def test_an_update_never_answered_holds_the_next_one_for_five_seconds(clock):
    pipe, connection = await opened()
    await connection.send(UpdateSession(command_id="one", settings=settings()))
    clock.advance(2)
    two = await run_until_blocked(connection.send(UpdateSession(command_id="two", settings=settings())))
    behind = await run_until_blocked(connection.send(AppendAudio(data=b"ab")))
    clock.advance(2.5)
    assert len(pipe.sent) == 1

    clock.advance(0.5)
    await asyncio.gather(two, behind)
    pipe.deliver(UPDATED)
    (event,) = await connection.receive()

    assert pipe.names == ["session.update", "session.update", "input_audio_buffer.append"]
    assert event.command_id == "two"
    assert clock.pending == 0


async def test_an_update_waits_for_a_configuration_that_is_not_sent_yet_however_long(clock):
    pipe = MemoryPipe()
    connection = connect(pipe)
    update = await run_until_blocked(connection.send(UpdateSession(settings=settings(speed=1.5))))
    for _ in range(3):
        clock.advance(5)
        await run_until_blocked(asyncio.sleep(0))
    assert pipe.sent == []
    pipe.deliver(CREATED, UPDATED)

    await connection.receive()
    await connection.receive()
    await update

    assert [frame["session"]["audio"]["output"].get("speed") for frame in pipe.sent] == [None, 1.5]


async def test_an_update_waits_for_the_answer_to_the_configuration():
    pipe = MemoryPipe(CREATED, UPDATED)
    connection = connect(pipe)
    await connection.receive()
    update = await run_until_blocked(connection.send(UpdateSession(settings=settings())))
    assert not update.done()

    await connection.receive()
    await update

    assert pipe.names == ["session.update", "session.update"]


async def test_a_raw_update_counts_as_one_in_flight():
    pipe, connection = await opened()
    await connection.send(Raw(command_id="raw", service_type="session.update", payload={"session": {}}))
    update = await run_until_blocked(connection.send(UpdateSession(command_id="two", settings=settings())))
    assert not update.done()
    pipe.deliver(UPDATED, UPDATED)

    ids = [(await connection.receive())[0].command_id]
    await update
    ids.append((await connection.receive())[0].command_id)

    assert ids == ["raw", "two"]


async def test_cancelling_a_waiting_update_lets_the_next_command_pass():
    pipe, connection = await opened()
    await connection.send(UpdateSession(settings=settings()))
    waiting = await run_until_blocked(connection.send(UpdateSession(settings=settings())))
    behind = await run_until_blocked(connection.send(CommitAudio()))
    waiting.cancel()

    await behind

    assert pipe.names == ["session.update", "input_audio_buffer.commit"]


async def test_a_command_without_a_means_raises_and_the_rest_goes_on():
    pipe, connection = await opened()

    with pytest.raises(UnsupportedCommand):
        await connection.send(Command())
    await connection.send(CommitAudio())

    assert pipe.names == ["input_audio_buffer.commit"]


async def test_after_a_loss_everything_raises_with_its_reason():
    pipe, connection = await opened()
    pipe.lose()

    for call in (connection.receive, connection.receive, lambda: connection.send(CommitAudio())):
        with pytest.raises(ConnectionLost, match="the server is gone") as caught:
            await call()
        assert (caught.value.reason, caught.value.code) == (LostReason.GOING_AWAY, 1001)
        assert caught.value.retryable


async def test_frames_before_a_loss_are_received():
    pipe, connection = await opened('{"type": "x"}')
    pipe.lose()

    (event,) = await connection.receive()

    assert event.service_type == "x"


async def test_a_loss_ends_a_waiting_update():
    pipe, connection = await opened()
    await connection.send(UpdateSession(settings=settings()))
    waiting = await run_until_blocked(connection.send(UpdateSession(settings=settings())))
    pipe.lose()
    with pytest.raises(ConnectionLost):
        await connection.receive()

    with pytest.raises(ConnectionLost, match="the server is gone"):
        await waiting


async def test_closing_ends_a_waiting_receive_and_a_waiting_update():
    pipe, connection = await opened()
    await connection.send(UpdateSession(settings=settings()))
    updating = await run_until_blocked(connection.send(UpdateSession(settings=settings())))
    receiving = await run_until_blocked(connection.receive())

    await connection.aclose()

    for task in (updating, receiving):
        with pytest.raises(ConnectionLost):
            await task
    assert pipe.closed == 1


async def test_after_closing_everything_raises_and_frames_that_came_are_gone():
    pipe, connection = await opened('{"type": "x"}')

    await connection.aclose()
    await connection.aclose()

    for call in (connection.receive, connection.receive, lambda: connection.send(AppendAudio(data=b"ab"))):
        with pytest.raises(ConnectionLost, match="closed here") as caught:
            await call()
        assert caught.value.reason is LostReason.CLOSED
    assert pipe.sent == []
