"""A session through a scripted service: every promise about its life, its events and its commands."""

import asyncio
import gc
import threading

import attrs
import numpy as np
import pytest
from realtime_core.audio.convert import AudioConverter
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.clock import use_clock
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    AppendAudio,
    ClearAudio,
    CommitAudio,
    CreateResponse,
    Raw,
    Truncate,
    UpdateSession,
)
from realtime_core.contents import (
    ApprovalRequest,
    AudioContent,
    ImageContent,
    Message,
    TextContent,
    ToolResult,
    Usage,
)
from realtime_core.errors import (
    AuthenticationFailed,
    CommandTimeout,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    InvalidSettings,
    LostReason,
    ProtocolError,
    ProviderError,
    RateLimited,
    RealtimeError,
    SessionStateError,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeImageEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
)
from realtime_core.limits import SessionLimits
from realtime_core.settings import RealtimeSettings, TurnDetection
from realtime_core.state import SessionState
from realtime_core.tools.tool import Tool

CREATED = RealtimeSessionEvent(service_type="session.created", phase="created", session_id="sess_1")
UPDATED = RealtimeSessionEvent(service_type="session.updated", phase="updated")
DONE = RealtimeResponseEvent(service_type="response.done", phase="done", response_id="resp_1")
PCM8 = AudioFormat("pcm16", 8_000)
JPEG = b"\xff\xd8\xff and so on"
ULAW = AudioFormat("g711_ulaw")
LIVE = {"live_settings": frozenset({"voice", "instructions", "speed", "input_audio_format"})}


def _audio(*samples, item="item_1"):
    return RealtimeAudioEvent(
        service_type="response.output_audio.delta",
        item_id=item,
        audio=AudioContent(np.array(samples, dtype="<i2").tobytes()),
    )


def _text(text):
    return RealtimeTextEvent(service_type="response.output_text.delta", text=TextContent(text))


def _plain(name="some.event"):
    return RealtimeEvent(service_type=name)


def _error(kind="server", **more):
    return RealtimeErrorEvent(service_type="error", kind=kind, code="boom", message="it failed", **more)


async def _all(session):
    """Everything until the end, and what ended it."""
    events = []
    try:
        async for event in session.receive():
            events.append(event)  # noqa: PERF401  # those before the failure count
    except RealtimeError as exc:
        return events, exc
    return events, None


def _phases(events):
    return [event.phase for event in events if isinstance(event, RealtimeSessionEvent)]


async def _cancelled(task):
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


class Player:
    def __init__(self):
        self.heard = []

    def __call__(self, pcm):
        self.heard.append(pcm.tolist())


# -- opening -----------------------------------------------------------------------------------------


async def test_opening_returns_when_the_configuration_is_accepted(service, idle):
    service.greeting = [(CREATED,)]
    session = service.client()()
    opening = asyncio.create_task(session.create_session())
    await idle()
    assert (opening.done(), session.state) == (False, SessionState.OPENING)

    service.connection.push(UPDATED)
    await opening

    assert session.state is SessionState.OPEN
    await session.delete_session()


async def test_one_frame_may_say_created_and_updated(service):
    service.greeting = [(CREATED, UPDATED)]

    async with service.client()() as session:
        assert session.state is SessionState.OPEN


async def test_the_service_names_the_session(service):
    session = service.client()()
    assert session.id is None

    async with session:
        assert session.id == "sess_1"


async def test_the_first_response_is_asked_for_after_the_configuration(service, idle):
    service.greeting = [(CREATED,)]
    session = service.client()(create_response=True)
    opening = asyncio.create_task(session.create_session())
    await idle()
    assert service.connection.sent == []

    service.connection.push(UPDATED)
    await opening

    assert [type(command) for command in service.connection.sent] == [CreateResponse]
    await session.delete_session()


async def test_no_response_is_asked_for_unless_told(service):
    async with service.client()():
        assert service.connection.sent == []


async def test_what_arrives_while_opening_is_kept_in_order(service):
    service.greeting = [(CREATED, _plain("early")), (UPDATED,), (_plain("late"),)]

    async with service.client()() as session:
        events = [await anext(session.receive()) for _ in range(4)]

    assert [event.service_type for event in events] == ["session.created", "early", "session.updated", "late"]


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationFailed("no", status=401),
        RateLimited("no"),
        ConnectionFailed("no", reason=FailedReason.DNS),
        UnsupportedSetting("no"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_connecting_raises_is_raised(service, error):
    service.connect_error = error
    client = service.client()

    with pytest.raises(type(error)) as caught:
        await client.create_session()

    assert caught.value is error
    assert "sessions=0" in repr(client)


@pytest.mark.parametrize("error", [KeyError("api key sk-1"), OSError("no"), asyncio.CancelledError()])
async def test_a_foreign_exception_of_connecting_never_escapes(service, error):
    service.connect_error = error

    with pytest.raises(
        ProtocolError, match=f"'scripted' broke its contract: it raised {type(error).__name__}"
    ) as e:
        await service.client()().create_session()

    assert e.value.__cause__ is error


async def test_a_refused_configuration_raises_and_leaks_nothing(service, idle):
    service.greeting = [(CREATED,)]
    client = service.client()
    session = client()
    opening = asyncio.create_task(session.create_session())
    await idle()

    service.connection.push(_error("invalid_request", command_id=service.setups[0].command_id))

    with pytest.raises(ProviderError, match="boom: it failed"):
        await opening
    assert (session.state, service.connection.closed) == (SessionState.CLOSED, 1)
    assert "sessions=0" in repr(client)


async def test_an_error_that_concerns_another_command_does_not_stop_the_opening(service):
    service.greeting = [(CREATED,), (_error(),), (UPDATED,)]

    async with service.client()() as session:
        assert session.state is SessionState.OPEN


async def test_a_fatal_error_while_opening_is_raised(service):
    service.greeting = [(CREATED,), (_error("auth", fatal=True),)]

    with pytest.raises(AuthenticationFailed, match="it failed"):
        await service.client()().create_session()


async def test_a_hang_up_while_opening_is_raised(service, idle):
    lost = ConnectionLost("bye", reason=LostReason.CLOSED, code=1000)
    service.greeting = [(CREATED,)]
    session = service.client()()
    opening = asyncio.create_task(session.create_session())
    await idle()

    service.connection.fail(lost)

    with pytest.raises(ConnectionLost) as caught:
        await opening
    assert caught.value is lost


@pytest.mark.parametrize(
    ("greeting", "waiting_for"),
    [([], "the session to be created"), ([(CREATED,)], "the configuration to be accepted")],
)
async def test_a_service_that_does_not_answer_is_a_timeout(service, clock, idle, greeting, waiting_for):
    service.greeting = greeting
    with use_clock(clock):
        session = service.client()()
    opening = asyncio.create_task(session.create_session())
    await idle()

    clock.advance(10)

    with pytest.raises(
        ConnectionFailed, match=f"no answer within 10 s, still waiting for {waiting_for}"
    ) as e:
        await opening
    assert (e.value.reason, service.connection.closed, clock.pending) == (FailedReason.TIMEOUT, 1, 0)


async def test_connecting_that_does_not_end_is_a_timeout(service, clock, idle):
    service.connect_gate = asyncio.Event()
    with use_clock(clock):
        session = service.client(options={"timeout_s": 3})()
    opening = asyncio.create_task(session.create_session())
    await idle()

    clock.advance(3)

    with pytest.raises(ConnectionFailed, match="no answer within 3 s, still waiting for the connection"):
        await opening
    assert (service.connecting, session.state) == (0, SessionState.CLOSED)


async def test_asking_for_the_first_response_is_within_the_timeout(service, clock, idle):
    service.send_gate = asyncio.Event()
    with use_clock(clock):
        session = service.client()(create_response=True)
    opening = asyncio.create_task(session.create_session())
    await idle()

    clock.advance(10)

    with pytest.raises(ConnectionFailed):
        await opening
    assert service.connection.closed == 1


async def test_a_session_opens_once(service):
    async with service.client()() as session:
        with pytest.raises(SessionStateError, match="cannot open a session that is open"):
            await session.create_session()

        assert session.state is SessionState.OPEN
    assert len(service.connections) == 1


async def test_an_ended_session_does_not_open_again(service):
    async with service.client()() as session:
        pass

    with pytest.raises(SessionStateError, match="cannot open a session that is closed"):
        await session.create_session()


async def test_opening_twice_at_once_opens_once(service, idle):
    service.connect_gate = asyncio.Event()
    session = service.client()()
    opening = asyncio.create_task(session.create_session())
    await idle()

    with pytest.raises(SessionStateError, match="cannot open a session that is opening"):
        await session.create_session()

    service.connect_gate.set()
    await opening
    assert len(service.connections) == 1
    await session.delete_session()


async def test_a_loss_is_not_forgotten_by_opening_twice(service, idle):
    with pytest.raises(ConnectionLost):  # noqa: PT012  # it is the exit that raises
        async with service.client()() as session:
            with pytest.raises(SessionStateError):
                await session.create_session()
            service.connection.lose()
            await idle()


async def test_the_setup_has_native_formats_and_the_settings(service):
    async with service.client(settings={"voice": "marin"})(instructions="Be brief."):
        settings = service.setups[0].settings

    assert settings == RealtimeSettings(
        voice="marin",
        instructions="Be brief.",
        input_audio_format=PCM16_24KHZ,
        output_audio_format=PCM16_24KHZ,
    )


# -- cancelling --------------------------------------------------------------------------------------


async def test_cancelling_the_opening_while_connecting_leaves_nothing(service, idle):
    service.connect_gate = asyncio.Event()
    client = service.client()
    opening = asyncio.create_task(client.create_session())
    await idle()

    assert await _cancelled(opening)

    assert (service.connecting, service.connections, repr(client)) == (
        0,
        [],
        "<RealtimeClient scripted sessions=0>",
    )


async def test_cancelling_the_opening_while_configuring_leaves_nothing(service, idle):
    service.greeting = [(CREATED,)]
    session = service.client()()
    opening = asyncio.create_task(session.create_session())
    await idle()

    assert await _cancelled(opening)

    assert (service.connection.closed, session.state) == (1, SessionState.CLOSED)


async def test_cancelling_the_opening_while_asking_for_a_response_leaves_nothing(service, idle):
    service.send_gate = asyncio.Event()
    opening = asyncio.create_task(service.client().create_session(create_response=True))
    await idle()

    assert await _cancelled(opening)

    assert service.connection.closed == 1


async def test_cancelling_the_opening_before_its_first_step_leaves_nothing(service):
    opening = asyncio.create_task(service.client().create_session())

    assert await _cancelled(opening)

    assert service.connections == []


@pytest.mark.parametrize("turns", range(1, 12))
async def test_cancelling_the_opening_at_any_step_leaves_nothing(service, turns):
    client = service.client()
    session = client()
    opening = asyncio.create_task(session.create_session())
    for _ in range(turns):
        await asyncio.sleep(0)

    opening.cancel()
    await asyncio.wait([opening])
    await session.delete_session()

    assert session.state is SessionState.CLOSED
    assert [connection.closed for connection in service.connections] in ([], [1])
    assert "sessions=0" in repr(client)


async def test_cancelling_the_opening_twice_still_closes_the_connection(service, idle):
    service.greeting = [(CREATED,)]
    service.aclose_gate = asyncio.Event()
    client = service.client()
    session = client()
    opening = asyncio.create_task(session.create_session())
    await idle()
    opening.cancel()
    await idle()
    assert await _cancelled(opening)
    assert "sessions=0" in repr(client)

    service.aclose_gate.set()
    await session.wait_closed()

    assert session.state is SessionState.CLOSED


async def test_cancelling_a_read_loses_nothing(service, idle):
    async with service.client()() as session:
        stream = session.receive()
        assert _phases([await anext(stream), await anext(stream)]) == ["created", "updated"]
        waiting = asyncio.ensure_future(anext(stream))
        await idle()
        assert await _cancelled(waiting)

        service.connection.push(_plain())

        assert (await anext(stream)).service_type == "some.event"


async def test_a_read_that_times_out_ends_nothing(service):
    async with service.client()() as session:
        stream = session.receive()
        await anext(stream)
        await anext(stream)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0)

        service.connection.push(_plain())

        assert (await anext(stream)).service_type == "some.event"


async def test_cancelling_a_send_ends_nothing(service, idle):
    async with service.client()() as session:
        service.send_gate = asyncio.Event()
        sending = asyncio.create_task(session.send_text("hi"))
        await idle()
        assert await _cancelled(sending)
        service.send_gate = None

        await session.send_text("again")

        assert [command.item.content for command in service.connection.of(AddItem)] == ["again"]


async def test_cancelling_a_command_that_waits_ends_nothing(service, idle):
    async with service.client(capabilities=LIVE)() as session:
        answer = service.answers.pop(UpdateSession)
        updating = asyncio.create_task(session.update_session(voice="a"))
        await idle()
        assert await _cancelled(updating)
        service.connection.push(answer(service.connection.sent[0]))
        service.answers[UpdateSession] = answer

        await session.update_session(voice="b")

        assert session.settings.voice == "b"


async def test_cancelling_the_deletion_does_not_stop_it(service, idle):
    service.aclose_gate = asyncio.Event()
    session = await service.client().create_session()
    deleting = asyncio.create_task(session.delete_session())
    await idle()
    assert await _cancelled(deleting)

    service.aclose_gate.set()
    await session.delete_session()

    assert (session.state, service.connection.closed) == (SessionState.CLOSED, 1)


async def test_cancelling_the_body_deletes_the_session(service, idle):
    async def talk():
        async with service.client()() as session:
            async for _ in session.receive():
                pass

    task = asyncio.create_task(talk())
    await idle()

    assert await _cancelled(task)

    assert service.connection.closed == 1


# -- the end that we ask for -------------------------------------------------------------------------


async def test_deleting_ends_the_stream_after_a_closed_event(service, idle):
    session = await service.client().create_session()
    reading = asyncio.create_task(_all(session))
    await idle()

    await session.delete_session()

    events, failure = await reading
    assert (_phases(events), failure) == (["created", "updated", "closed"], None)
    assert (events[-1].reason, events[-1].session_id, events[-1].service_type) == ("deleted", "sess_1", None)


async def test_deleting_waits_until_nothing_is_left(service):
    session = await service.client().create_session()

    await session.delete_session()

    assert (service.connection.closed, service.connection.reading, session.state) == (
        1,
        0,
        SessionState.CLOSED,
    )


async def test_deleting_twice_is_harmless(service):
    session = await service.client().create_session()

    await session.delete_session()
    await session.delete_session()

    assert service.connection.closed == 1


async def test_deleting_from_two_tasks_at_once_closes_once(service):
    session = await service.client().create_session()

    await asyncio.gather(*(session.delete_session() for _ in range(5)))

    assert service.connection.closed == 1


async def test_deleting_while_opening_tells_the_opener(service, idle):
    service.connect_gate = asyncio.Event()
    session = service.client()()
    opening = asyncio.create_task(session.create_session())
    await idle()

    await session.delete_session()

    with pytest.raises(SessionStateError, match="deleted while it was opening"):
        await opening
    assert service.connecting == 0


async def test_deleting_what_was_never_opened_ends_it(service):
    session = service.client()()

    await session.delete_session()

    assert session.state is SessionState.CLOSED
    with pytest.raises(SessionStateError, match="cannot open a session that is closed"):
        await session.create_session()


async def test_what_was_deleted_before_it_was_opened_has_no_endless_stream(service):
    session = service.client()()
    await session.delete_session()

    events, failure = await _all(session)

    assert (_phases(events), failure) == (["closed"], None)


async def test_deleting_from_inside_a_coroutine_callback(service):
    done = []

    async def callback(_):
        await session.delete_session()
        done.append("finished")

    session = await service.client().create_session(audio_output_callback=callback)
    service.connection.push(_audio(1))
    service.connection.push(_audio(2))

    await session.wait_closed()

    assert (done, session.state, service.connection.closed) == (["finished"], SessionState.CLOSED, 1)


async def test_a_callback_that_deletes_and_then_hangs_is_cut_off(service, clock, idle):
    async def callback(_):
        await session.delete_session()
        await asyncio.Event().wait()

    with use_clock(clock):
        session = await service.client().create_session(audio_output_callback=callback)
    service.connection.push(_audio(1))
    await idle()
    assert session.state is SessionState.CLOSING

    clock.advance(5)
    await session.wait_closed()

    assert (session.state, clock.pending) == (SessionState.CLOSED, 0)


async def test_deleting_from_a_task_that_a_plain_callback_starts(service):
    tasks = []
    session = await service.client().create_session(
        audio_output_callback=lambda _: tasks.append(asyncio.create_task(session.delete_session()))
    )
    service.connection.push(_audio(1))

    await session.wait_closed()
    await asyncio.gather(*tasks)

    assert service.connection.closed == 1


async def test_deleting_while_iterating_from_the_same_task(service):
    seen = []
    async with service.client()() as session:
        async for event in session.receive():
            seen.append(event.phase)
            await session.delete_session()

    assert seen == ["created", "updated", "closed"]


async def test_deleting_cancels_a_coroutine_callback_and_counts_what_it_missed(service, idle):
    cancelled = []

    async def callback(_):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    session = await service.client().create_session(audio_output_callback=callback)
    for _ in range(3):
        service.connection.push(RealtimeAudioEvent(audio=AudioContent(bytes(4_800))))
    await idle()

    await session.delete_session()

    events, _ = await _all(session)
    assert (cancelled, events[-1].lost_audio_ms) == ([True], 200)


async def test_a_connection_that_does_not_close_is_left_after_a_while(service, clock, idle, caplog):
    service.aclose_gate = asyncio.Event()
    with use_clock(clock):
        session = await service.client().create_session()
    deleting = asyncio.create_task(session.delete_session())
    await idle()
    assert not deleting.done()

    clock.advance(5)
    await deleting

    assert session.state is SessionState.CLOSED
    assert "did not close its connection: TimeoutError" in caplog.text


@pytest.mark.parametrize("error", [OSError("secret"), ProtocolError("no"), asyncio.CancelledError()])
async def test_what_closing_raises_never_escapes(service, error, caplog):
    service.aclose_error = error
    session = await service.client().create_session()

    await session.delete_session()

    assert session.state is SessionState.CLOSED
    assert "secret" not in caplog.text


async def test_waiting_for_the_end_of_a_session_that_was_never_opened_returns(service):
    await service.client()().wait_closed()


async def test_the_end_is_awaited_by_many(service, idle):
    session = await service.client().create_session()
    waiting = [asyncio.create_task(session.wait_closed()) for _ in range(3)]
    await idle()
    assert not any(task.done() for task in waiting)

    await session.delete_session()

    await asyncio.gather(*waiting)


# -- the end that nobody asked for -------------------------------------------------------------------


async def test_a_lost_session_raises_after_a_closed_event(service):
    session = await service.client().create_session()
    lost = service.connection.lose(LostReason.GOING_AWAY, 1001)

    events, failure = await _all(session)

    assert _phases(events) == ["created", "updated", "closed"]
    assert (events[-1].reason, events[-1].code) == ("going_away", 1001)
    assert failure is lost
    await session.delete_session()


async def test_a_server_that_closes_as_if_all_were_well_is_a_loss_too(service):
    session = await service.client().create_session()
    service.connection.lose(LostReason.CLOSED, 1000)

    _, failure = await _all(session)

    assert (failure.reason, failure.code) == (LostReason.CLOSED, 1000)
    await session.delete_session()


async def test_a_loss_that_nobody_iterates_is_raised_at_the_exit(service, idle):
    with pytest.raises(ConnectionLost, match="the link has gone"):  # noqa: PT012  # it is the exit that raises
        async with service.client()():
            service.connection.lose()
            await idle()


async def test_a_loss_that_was_seen_is_not_raised_again(service):
    async with service.client()() as session:
        service.connection.lose()
        _, failure = await _all(session)

    assert isinstance(failure, ConnectionLost)


async def test_a_loss_does_not_hide_what_the_body_raises(service, idle):
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the exit could raise another
        async with service.client()():
            service.connection.lose()
            await idle()
            raise ZeroDivisionError


async def test_a_loss_while_the_consumer_is_busy_is_raised_when_it_comes_back(service, idle):
    async with service.client()() as session:
        stream = session.receive()
        await anext(stream)
        service.connection.push(_text("a"))
        service.connection.lose()
        await idle()

        rest, failure = await _all(session)

    assert len(rest) == 3
    assert isinstance(failure, ConnectionLost)


async def test_a_lost_session_closes_its_connection(service):
    session = await service.client().create_session()
    service.connection.lose()

    await session.wait_closed()

    assert (session.state, service.connection.closed) == (SessionState.CLOSED, 1)
    await session.delete_session()


async def test_every_frame_before_the_loss_arrives(service):
    session = await service.client().create_session()
    for number in range(100):
        service.connection.push(_plain(str(number)))
    service.connection.lose()

    events, _ = await _all(session)

    assert [event.service_type for event in events[2:-1]] == [str(number) for number in range(100)]
    await session.delete_session()


async def test_a_loss_wakes_the_command_that_waits(service, idle):
    service.answers.clear()
    async with service.client()() as session:
        committing = asyncio.create_task(session.commit_audio())
        await idle()
        lost = service.connection.lose()

        with pytest.raises(ConnectionLost) as caught:
            await committing

        assert caught.value is lost
        await _all(session)


async def test_a_loss_while_a_command_is_being_written_is_raised_once(service, idle):
    service.send_gate = asyncio.Event()
    async with service.client()() as session:
        committing = asyncio.create_task(session.commit_audio())
        await idle()
        service.connection.lose()
        await session.wait_closed()
        service.send_error = ConnectionLost("gone", reason=LostReason.DROPPED)
        service.send_gate.set()

        with pytest.raises(ConnectionLost, match="gone"):
            await committing
        await _all(session)


async def test_a_deletion_wakes_the_command_that_waits(service, idle):
    service.answers.clear()
    session = await service.client().create_session()
    committing = asyncio.create_task(session.commit_audio())
    await idle()

    await session.delete_session()

    with pytest.raises(SessionStateError, match="deleted while this waited for an answer"):
        await committing


@pytest.mark.parametrize("error", [KeyError("sk-1"), TimeoutError(), EOFError(), asyncio.CancelledError()])
async def test_a_foreign_exception_of_receiving_ends_the_session_and_never_escapes(service, error):
    session = await service.client().create_session()
    service.connection.fail(error)

    events, failure = await _all(session)

    assert type(failure) is ProtocolError
    assert str(failure) == f"provider 'scripted' broke its contract: it raised {type(error).__name__}"
    assert failure.__cause__ is error
    assert events[-1].reason == "ProtocolError"
    await session.delete_session()


async def test_a_frame_that_is_no_event_ends_the_session(service):
    session = await service.client().create_session()
    service.connection.push("not an event")

    _, failure = await _all(session)

    assert type(failure) is ProtocolError
    await session.delete_session()


@pytest.mark.parametrize(
    ("kind", "error"), [("auth", AuthenticationFailed), ("quota", RateLimited), ("server", ProviderError)]
)
async def test_a_fatal_error_ends_the_session_with_its_exception(service, kind, error):
    session = await service.client().create_session()
    service.connection.push(_error(kind, fatal=True))

    events, failure = await _all(session)

    assert type(failure) is error
    assert [type(event) for event in events[-2:]] == [RealtimeErrorEvent, RealtimeSessionEvent]
    await session.delete_session()


async def test_an_error_that_is_not_fatal_ends_nothing(service, idle):
    async with service.client()() as session:
        service.connection.push(_error("server"))
        await idle()

        assert session.state is SessionState.OPEN


async def test_a_session_that_was_cancelled_from_outside_still_closes(service):
    session = await service.client().create_session()
    (root,) = [task for task in asyncio.all_tasks() if task.get_name() == "realtime session (scripted)"]

    root.cancel()
    events, _ = await _all(session)

    assert (events[-1].reason, service.connection.closed) == ("cancelled", 1)
    await session.delete_session()


def test_a_loop_that_ends_with_an_open_session_ends_in_order(service, capfd, caplog):
    async def main():
        return await service.client().create_session(audio_output_callback=_never)

    session = asyncio.run(main())

    gc.collect()
    assert (session.state, service.connection.closed) == (SessionState.CLOSED, 1)
    assert capfd.readouterr().err == ""
    assert caplog.text == ""


async def _never(_):
    await asyncio.Event().wait()


def test_a_session_whose_loop_has_ended_can_still_be_deleted(service):
    async def main():
        return await service.client().create_session()

    session = asyncio.run(main())

    asyncio.run(session.delete_session())

    assert session.state is SessionState.CLOSED


async def test_an_open_session_that_nobody_refers_to_goes_on(service, idle):
    await service.client().create_session()
    gc.collect()
    service.connection.push(_plain())
    await idle()
    assert service.connection.reading == 1

    service.connection.lose()
    await idle()

    assert service.connection.closed == 1


# -- receiving ---------------------------------------------------------------------------------------


async def test_receiving_before_opening_is_refused(service):
    with pytest.raises(SessionStateError, match="the session is new, not open"):
        service.client()().receive()


async def test_receiving_while_opening_is_refused(service, idle):
    service.connect_gate = asyncio.Event()
    session = service.client()()
    opening = asyncio.create_task(session.create_session())
    await idle()

    with pytest.raises(SessionStateError, match="the session is opening, not open"):
        session.receive()

    assert await _cancelled(opening)


async def test_two_tasks_that_wait_are_refused(service, idle):
    async with service.client()() as session:
        reading = asyncio.create_task(_all(session))
        await idle()

        with pytest.raises(SessionStateError, match="another task is already waiting"):
            await anext(session.receive())

    assert (await reading)[1] is None


async def test_leaving_the_loop_and_receiving_again_continues(service):
    async with service.client()() as session:
        seen = []
        async for event in session.receive():
            seen.append(event)
            break
        async for event in session.receive():
            seen.append(event)
            break

    assert _phases(seen) == ["created", "updated"]


async def test_events_come_in_the_order_of_the_wire(service, idle):
    session = await service.client().create_session()
    frame = (_text("a"), _audio(1), _plain("x"), _text("b"))
    service.connection.push(*frame)
    service.connection.push(DONE)
    await idle()
    await session.delete_session()

    events, _ = await _all(session)

    assert events[2:-1] == [*frame, DONE]


async def test_an_event_reaches_the_user_as_the_provider_made_it(service):
    event = _plain()
    async with service.client()() as session:
        service.connection.push(event)
        stream = session.receive()

        assert [await anext(stream) for _ in range(3)][2] is event


async def test_events_of_an_ended_session_can_still_be_read(service, idle):
    session = await service.client().create_session()
    service.connection.push(_text("a"))
    await idle()
    await session.delete_session()

    events, failure = await _all(session)

    assert (len(events), failure) == (4, None)


async def test_a_full_queue_says_what_was_dropped(service, idle):
    limits = SessionLimits(queue_bytes=10_000)
    async with service.client(limits=limits)() as session:
        for _ in range(10):
            service.connection.push(RealtimeAudioEvent(audio=AudioContent(bytes(2_400))))
        await idle()

        stats = session.stats
        events = [await anext(session.receive()) for _ in range(3)]

    assert (stats.dropped_events, stats.dropped_audio_ms, stats.dropped_text_chars) == (7, 350, 0)
    assert (events[2].kind, events[2].lost_events, events[2].lost_audio_ms) == ("overflow", 7, 350)


async def test_a_consumer_that_never_reads_ends_the_session(service, idle):
    limits = SessionLimits(queue_bytes=10_000)
    session = await service.client(limits=limits).create_session()
    for _ in range(100):
        service.connection.push(_plain())
    await idle()

    events, failure = await _all(session)

    assert (failure.reason, events[-1].reason) == (LostReason.CONSUMER_STUCK, "consumer_stuck")
    assert len(events) < 100
    assert "10000 bytes" in str(failure)
    await session.delete_session()


async def test_the_statistics_count_what_waits(service, idle):
    async with service.client()() as session:
        service.connection.push(_text("a"))
        await idle()

        stats = session.stats

        assert (stats.queued_events, stats.dropped_events, stats.callback_backlog_bytes) == (3, 0, 0)
        assert stats.queued_bytes > 0


# -- the audio callback ------------------------------------------------------------------------------


async def test_the_callback_has_had_the_audio_before_the_consumer(service, idle):
    seen = []
    async with service.client()() as session:
        stream = session.receive(lambda pcm: seen.append(pcm.tolist()))
        service.connection.push(_audio(1, 2))
        await idle()

        assert seen == [[1, 2]]
        assert [type(await anext(stream)) for _ in range(3)][2] is RealtimeAudioEvent


@pytest.mark.parametrize("where", ["client", "session", "create_session"])
async def test_a_callback_may_be_given_to_client_or_session(service, idle, where):
    player = Player()
    given = {"audio_output_callback": player}
    client = service.client(**given if where == "client" else {})
    session = client(**given if where == "session" else {})
    if where == "create_session":
        session = await client.create_session(**given)
    else:
        await session.create_session()

    service.connection.push(_audio(1))
    await idle()

    assert player.heard == [[1]]
    await session.delete_session()


async def test_the_callback_of_the_session_wins_over_the_clients(service, idle):
    first, second = Player(), Player()
    async with service.client(audio_output_callback=first)(audio_output_callback=second):
        service.connection.push(_audio(1))
        await idle()

    assert (first.heard, second.heard) == ([], [[1]])


async def test_a_callback_given_to_receive_wins_from_that_call_on(service, idle):
    first, second = Player(), Player()
    async with service.client(audio_output_callback=first)() as session:
        service.connection.push(_audio(1))
        await idle()
        session.receive(second)
        service.connection.push(_audio(2))
        await idle()

    assert (first.heard, second.heard) == ([[1]], [[2]])


async def test_receiving_without_a_callback_keeps_the_one_before(service, idle):
    player = Player()
    async with service.client(audio_output_callback=player)() as session:
        session.receive()
        service.connection.push(_audio(1))
        await idle()

    assert player.heard == [[1]]


async def test_audio_that_came_earlier_reaches_a_first_callback(service, idle):
    player = Player()
    async with service.client()() as session:
        service.connection.push(_audio(1))
        service.connection.push(_text("a"), _audio(2))
        await idle()

        session.receive(player)
        service.connection.push(_audio(3))
        await idle()

    assert player.heard == [[1], [2], [3]]


async def test_a_callback_whose_object_is_false_is_a_callback(service, idle):
    class Empty(Player):
        def __len__(self):
            return 0

    player = Empty()
    async with service.client(audio_output_callback=Player())(audio_output_callback=player):
        service.connection.push(_audio(1))
        await idle()

    assert player.heard == [[1]]


@pytest.mark.parametrize("where", ["session", "receive"])
async def test_what_cannot_be_called_is_no_callback(service, where):
    async with service.client()() as session:
        attach = service.client() if where == "session" else session.receive
        with pytest.raises(InvalidSettings, match="must be callable, or an AudioSink, not int"):
            attach(audio_output_callback=5)


async def test_1000_deltas_reach_the_callback_while_the_consumer_is_held_on_its_first_event(service, idle):
    player = Player()
    release = asyncio.Event()
    seen = []

    async def consume():
        async for event in session.receive():
            seen.append(event)
            await release.wait()

    session = await service.client().create_session(audio_output_callback=player)
    consuming = asyncio.create_task(consume())
    for number in range(1_000):
        service.connection.push(_audio(number))
    await idle()

    assert (len(seen), player.heard) == (1, [[number] for number in range(1_000)])
    release.set()
    await idle()
    await session.delete_session()
    await consuming
    assert len(seen) == 1_003


async def test_a_slow_coroutine_callback_delays_no_event(service, idle):
    async with service.client(audio_output_callback=_never)() as session:
        for number in range(100):
            service.connection.push(_audio(number), _text("a"))
        await idle()

        assert session.stats.queued_events == 202
        assert session.stats.callback_backlog_bytes == 99 * 2


async def test_a_callback_that_raises_is_reported_in_the_stream(service, idle):
    error = ValueError("no")

    def callback(_):
        raise error

    session = await service.client(audio_output_callback=callback).create_session()
    service.connection.push(_audio(1))
    service.connection.push(_text("a"))
    await idle()
    await session.delete_session()

    events, failure = await _all(session)

    assert [type(event) for event in events[2:5]] == [
        RealtimeErrorEvent,
        RealtimeAudioEvent,
        RealtimeTextEvent,
    ]
    assert (events[2].exception, failure) == (error, None)


async def test_a_callback_that_raises_cancelled_error_does_not_stop_the_reading(service, idle):
    def callback(_):
        raise asyncio.CancelledError

    async with service.client(audio_output_callback=callback)() as session:
        service.connection.push(_audio(1))
        service.connection.push(_text("a"))
        await idle()

        assert session.stats.queued_events == 5


async def test_the_callback_is_not_called_once_the_session_is_being_deleted(service):
    player = Player()
    session = await service.client(audio_output_callback=player).create_session()
    service.connection.push(_audio(1))

    await session.delete_session()

    assert player.heard == []


# -- sending -----------------------------------------------------------------------------------------


async def test_audio_is_sent_as_bytes(service):
    async with service.client()() as session:
        await session.send_audio(b"\x01\x00")

        assert [command.data for command in service.connection.of(AppendAudio)] == [b"\x01\x00"]


@pytest.mark.parametrize(
    "audio", [np.array([1], dtype=np.int16), bytearray(b"\x01\x00"), AudioContent(b"\x01\x00")], ids=type
)
async def test_audio_is_sent_as_anything_that_is_audio(service, audio):
    async with service.client()() as session:
        await session.send_audio(audio)

        assert [command.data for command in service.connection.of(AppendAudio)] == [b"\x01\x00"]


async def test_what_is_no_audio_is_refused(service):
    async with service.client()() as session:
        with pytest.raises(InvalidSettings, match="audio is bytes"):
            await session.send_audio("hello")


async def test_an_odd_byte_is_sent_with_the_next_piece(service):
    async with service.client()() as session:
        await session.send_audio(b"a")
        await session.send_audio(b"bcd")

        assert [command.data for command in service.connection.of(AppendAudio)] == [b"abcd"]


async def test_audio_refused_before_the_opening_leaves_no_trace(service):
    session = service.client()()
    with pytest.raises(SessionStateError):
        await session.send_audio(b"a")

    async with session:
        await session.send_audio(b"bc")

        assert [command.data for command in service.connection.of(AppendAudio)] == [b"bc"]


async def test_text_is_sent_as_a_message_of_the_user(service):
    async with service.client()() as session:
        await session.send_text("hi")

        assert [command.item for command in service.connection.sent] == [Message("user", "hi")]


async def test_text_keeps_its_role(service):
    async with service.client()() as session:
        await session.send_text("hi", role="system")

        assert service.connection.sent[0].item.role == "system"


async def test_text_may_ask_for_a_response(service):
    async with service.client()() as session:
        await session.send_text("hi", respond=True)

        assert [type(command) for command in service.connection.sent] == [AddItem, CreateResponse]


async def test_an_audio_event_is_sent_as_audio(service):
    async with service.client()() as session:
        await session.send(_audio(1))

        assert service.connection.sent[0].data == b"\x01\x00"


@pytest.mark.parametrize(("role", "sent_as"), [(None, "user"), ("assistant", "assistant")])
async def test_a_text_event_is_sent_as_a_message(service, role, sent_as):
    async with service.client()() as session:
        await session.send(RealtimeTextEvent(text=TextContent("hi"), role=role))

        assert service.connection.sent[0].item == Message(sent_as, "hi")


@pytest.mark.parametrize("respond", [False, True])
async def test_an_image_is_sent_as_an_item(service, respond):
    async with service.client(capabilities={"images": True})() as session:
        await session.send_image(JPEG, respond=respond)
        await session.send_image(ImageContent(JPEG))
        await session.send(RealtimeImageEvent(image=ImageContent(JPEG)))

        assert [add.item for add in service.connection.of(AddItem)] == [ImageContent(JPEG)] * 3
        assert len(service.connection.of(CreateResponse)) == respond


@pytest.mark.parametrize("image", ["cat.png", b"GIF89a"])
async def test_what_is_no_image_is_not_sent(service, image):
    async with service.client(capabilities={"images": True})() as session:
        with pytest.raises(InvalidSettings):
            await session.send_image(image)

        assert service.connection.sent == []


async def test_a_provider_that_takes_no_text_says_so_by_name(service):
    async with service.client(capabilities={"text": False})() as session:
        with pytest.raises(UnsupportedCommand, match=r"^scripted takes no text"):
            await session.send_text("Hello")


async def test_a_provider_that_takes_no_audio_says_so_by_name(service):
    async with service.client(capabilities={"input_formats": ()})() as session:
        with pytest.raises(UnsupportedCommand, match=r"^scripted takes no audio"):
            await session.send_audio(bytes(2))


async def test_a_provider_that_takes_no_images_says_so_by_name(service):
    async with service.client()() as session:
        with pytest.raises(UnsupportedCommand, match=r"^scripted takes no images"):
            await session.send_image(JPEG)
        with pytest.raises(UnsupportedCommand, match=r"^scripted takes no images"):
            await session.send(RealtimeImageEvent(image=ImageContent(JPEG)))

        assert service.connection.sent == []


async def test_a_function_result_is_sent_as_an_item_and_asks_for_nothing(service):
    result = ToolResult("call_1", "get_weather", '{"celsius": 21}')
    async with service.client()() as session:
        await session.send(RealtimeFunctionResultEvent(function_result=result))

        assert [type(command) for command in service.connection.sent] == [AddItem]
        assert service.connection.sent[0].item == result


@pytest.mark.parametrize(("payload", "sent"), [({"a": 1}, {"a": 1}), (None, {})])
async def test_a_plain_event_is_passed_through(service, payload, sent):
    async with service.client()() as session:
        await session.send(RealtimeEvent(service_type="x.y", service_event=payload))

        (command,) = service.connection.of(Raw)
        assert (command.service_type, command.payload) == ("x.y", sent)


@pytest.mark.parametrize(
    "event", [RealtimeEvent(), DONE, CREATED, RealtimeErrorEvent(service_type="error", kind="server"), "hi"]
)
async def test_what_cannot_be_sent_is_refused_by_its_class(service, event):
    async with service.client()() as session:
        with pytest.raises(UnsupportedCommand, match=f"cannot send {type(event).__name__}"):
            await session.send(event)


async def test_the_order_of_sends_is_the_order_at_the_service(service):
    async with service.client()() as session:
        for number in range(5):
            await session.send_audio(bytes([number, 0]))
            await session.send_text(str(number))

        kinds = [type(command) for command in service.connection.sent]
        assert kinds == [AppendAudio, AddItem] * 5


async def test_a_response_is_asked_for_with_its_overrides(service):
    async with service.client()() as session:
        await session.create_response(instructions="Sing.")

        assert service.connection.sent[0].overrides == {"instructions": "Sing."}


VERBS = {
    "send": lambda session: session.send(_plain()),
    "send_audio": lambda session: session.send_audio(b"\x01\x00"),
    "send_half_a_sample": lambda session: session.send_audio(b"\x01"),
    "send_text": lambda session: session.send_text("hi"),
    "commit_audio": lambda session: session.commit_audio(),
    "clear_audio": lambda session: session.clear_audio(),
    "create_response": lambda session: session.create_response(),
    "update_session": lambda session: session.update_session(voice="a"),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_sending_before_the_session_raises_at_once(service, verb):
    session = service.client(capabilities=LIVE)()

    with pytest.raises(SessionStateError, match="the session is new, not open; use 'async with'"):
        await VERBS[verb](session)


@pytest.mark.parametrize("verb", VERBS)
async def test_sending_after_the_session_raises_at_once(service, verb):
    async with service.client(capabilities=LIVE)() as session:
        pass

    with pytest.raises(SessionStateError, match=r"the session has ended \(deleted\); make a new one"):
        await VERBS[verb](session)


@pytest.mark.parametrize("verb", VERBS)
async def test_sending_after_a_loss_raises_at_once_and_says_why(service, verb):
    session = await service.client(capabilities=LIVE).create_session()
    lost = service.connection.lose()
    await session.wait_closed()

    with pytest.raises(SessionStateError, match=r"the session has ended \(dropped\)") as caught:
        await VERBS[verb](session)

    assert caught.value.__cause__ is lost
    await session.delete_session()


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"send_half_a_sample"}))
@pytest.mark.parametrize("error", [OSError("sk-1"), KeyError("x"), asyncio.CancelledError()])
async def test_a_foreign_exception_of_sending_never_escapes(service, verb, error):
    async with service.client(capabilities=LIVE)() as session:
        service.send_error = error

        with pytest.raises(ProtocolError, match=f"it raised {type(error).__name__}$") as caught:
            await VERBS[verb](session)

        assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [UnsupportedCommand("no"), ConnectionLost("gone", reason=LostReason.DROPPED)]
)
async def test_our_own_exception_of_sending_is_raised_as_it_is(service, error):
    async with service.client()() as session:
        service.send_error = error

        with pytest.raises(type(error)) as caught:
            await session.send_text("hi")

        assert caught.value is error


async def test_sending_from_another_event_loop_is_refused(service):
    refused = []

    def elsewhere():
        try:
            asyncio.run(session.send_text("hi"))
        except SessionStateError as exc:
            refused.append(str(exc))

    async with service.client()() as session:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    assert refused == ["the session belongs to another event loop, the one that opened it"]


# -- commands that are answered ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "command"),
    [("commit_audio", CommitAudio), ("clear_audio", ClearAudio), ("update_session", UpdateSession)],
)
async def test_a_command_returns_when_the_service_has_answered(service, idle, verb, command):
    answer = service.answers.pop(command)
    async with service.client(capabilities=LIVE)() as session:
        task = asyncio.create_task(VERBS[verb](session))
        await idle()
        assert not task.done()

        service.connection.push(answer(service.connection.sent[-1]))
        await task


@pytest.mark.parametrize(
    ("verb", "command"),
    [("commit_audio", CommitAudio), ("clear_audio", ClearAudio), ("update_session", UpdateSession)],
)
async def test_a_refused_command_raises_what_the_service_said(service, verb, command):
    service.answers[command] = lambda sent: _error("invalid_request", command_id=sent.command_id)
    async with service.client(capabilities=LIVE)() as session:
        with pytest.raises(ProviderError, match="boom: it failed"):
            await VERBS[verb](session)

        assert session.state is SessionState.OPEN


async def test_an_answer_is_an_event_too(service):
    session = await service.client().create_session()
    await session.commit_audio()
    await session.delete_session()

    events, _ = await _all(session)

    assert [type(event) for event in events[2:-1]] == [RealtimeSpeechEvent]


async def test_a_command_without_an_answer_times_out(service, clock, idle):
    service.answers.clear()
    with use_clock(clock):
        session = await service.client(limits=SessionLimits(command_timeout_s=2)).create_session()
    committing = asyncio.create_task(session.commit_audio())
    await idle()

    clock.advance(2)

    with pytest.raises(CommandTimeout, match="no answer to CommitAudio within 2 s"):
        await committing
    assert (session.state, clock.pending) == (SessionState.OPEN, 0)
    await session.delete_session()


async def test_two_commands_at_once_get_each_its_own_answer(service, idle):
    answers = dict(service.answers)
    service.answers.clear()
    async with service.client()() as session:
        committing = asyncio.create_task(session.commit_audio())
        clearing = asyncio.create_task(session.clear_audio())
        await idle()
        commit, clear = service.connection.sent

        service.connection.push(answers[ClearAudio](clear))
        await clearing

        assert not committing.done()
        service.connection.push(answers[CommitAudio](commit))
        await committing


@pytest.mark.parametrize("verb", ["commit_audio", "clear_audio", "update_session"])
async def test_without_acknowledgements_a_command_returns_when_it_is_written(service, verb):
    service.answers.clear()

    async with service.client(capabilities={"acks": False, **LIVE})() as session:
        await VERBS[verb](session)

        assert len(service.connection.sent) == 1


@pytest.mark.parametrize(
    "ask", [VERBS["create_response"], lambda session: session.send_text("hi", respond=True)]
)
async def test_without_turns_a_response_cannot_be_asked_for(service, ask):
    async with service.client(capabilities={"turns": False})() as session:
        with pytest.raises(UnsupportedCommand, match="scripted answers by itself"):
            await ask(session)

        assert service.connection.sent == []


async def test_without_turns_a_session_cannot_begin_with_a_response(service):
    with pytest.raises(UnsupportedCommand, match="scripted answers by itself"):
        service.client(capabilities={"turns": False})(create_response=True)


# -- settings ----------------------------------------------------------------------------------------


async def test_an_update_sends_what_is_set_and_nothing_else(service):
    async with service.client(settings={"voice": "a"}, capabilities=LIVE)() as session:
        await session.update_session(instructions="Be brief.")

        (command,) = service.connection.of(UpdateSession)
        assert command.settings == RealtimeSettings(instructions="Be brief.")


async def test_an_update_is_in_force_when_it_returns(service):
    async with service.client(settings={"voice": "a"}, capabilities=LIVE)() as session:
        await session.update_session({"instructions": "x"}, speed=1.5)

        assert session.settings == RealtimeSettings(voice="a", instructions="x", speed=1.5)


async def test_a_keyword_wins_over_settings(service):
    async with service.client(capabilities=LIVE)() as session:
        await session.update_session(RealtimeSettings(voice="a"), voice="b")

        assert session.settings.voice == "b"


async def test_a_refused_update_changes_nothing(service):
    service.answers[UpdateSession] = lambda sent: _error(command_id=sent.command_id)
    async with service.client(settings={"voice": "a"}, capabilities=LIVE)() as session:
        with pytest.raises(ProviderError):
            await session.update_session(voice="b")

        assert session.settings.voice == "a"


async def test_audio_goes_out_in_the_order_of_the_calls(service, idle):
    async with service.client()() as session:
        service.send_gate = asyncio.Event()
        sending = [asyncio.create_task(session.send_audio(bytes([number, 0]))) for number in range(3)]
        await idle()
        service.send_gate.set()
        await asyncio.gather(*sending)

        assert [command.data[0] for command in service.connection.of(AppendAudio)] == [0, 1, 2]


async def test_a_refused_input_format_is_not_used(service):
    live = {"live_settings": frozenset({"input_audio_format"}), "input_formats": (PCM16_24KHZ, ULAW)}
    service.answers[UpdateSession] = lambda sent: _error(command_id=sent.command_id)
    async with service.client(capabilities=live)() as session:
        with pytest.raises(ProviderError):
            await session.update_session(input_audio_format="g711_ulaw")
        await session.send_audio(bytes(960))

        assert len(service.connection.sent[-1].data) == 960


async def test_an_update_cancelled_while_it_is_written_counts_if_the_service_takes_it(service, idle):
    live = {"live_settings": frozenset({"input_audio_format"})}
    async with service.client(capabilities=live)() as session:
        service.send_gate = asyncio.Event()
        updating = asyncio.create_task(
            session.update_session(input_audio_format=AudioFormat("pcm16", 48_000))
        )
        await idle()
        updating.cancel()
        await asyncio.wait([updating])
        service.send_gate.set()
        (command_id,) = session._engine.configuration._changes
        service.connection.push(RealtimeSessionEvent(phase="updated", command_id=command_id))
        await idle()
        await session.send_audio(bytes(96_000))
        await session.commit_audio()

        sent = sum(len(command.data) for command in service.connection.of(AppendAudio))
        assert sent == pytest.approx(48_000, abs=8)  # a second at 48 kHz is a second at 24 kHz
        assert session.settings.input_audio_format == AudioFormat("pcm16", 48_000)


async def test_an_input_format_that_could_not_be_written_is_not_used(service):
    live = {"live_settings": frozenset({"input_audio_format"}), "input_formats": (PCM16_24KHZ, ULAW)}
    async with service.client(capabilities=live)() as session:
        service.send_error = UnsupportedCommand("no means for it")
        with pytest.raises(UnsupportedCommand):
            await session.update_session(input_audio_format="g711_ulaw")
        service.send_error = None
        await session.send_audio(bytes(960))

        assert len(service.connection.sent[-1].data) == 960


async def test_without_acknowledgements_an_update_counts_when_it_is_written(service):
    async with service.client(capabilities={**LIVE, "acks": False})() as session:
        await session.update_session(voice="b")

        assert session.settings.voice == "b"


async def test_an_update_of_nothing_sends_nothing(service):
    async with service.client(capabilities=LIVE)() as session:
        await session.update_session()

        assert service.connection.of(UpdateSession) == []


async def test_the_input_format_that_the_service_reports_is_followed(service, idle):
    async with service.client()() as session:
        service.connection.push(RealtimeSessionEvent(phase="updated", input_format=ULAW))
        await idle()
        await session.send_audio(bytes(48_000))
        await session.commit_audio()

        sent = sum(len(command.data) for command in service.connection.of(AppendAudio))
        assert sent == pytest.approx(8_000, abs=8)


async def test_a_raw_event_without_a_mapping_is_refused(service):
    async with service.client()() as session:
        with pytest.raises(UnsupportedCommand, match=r"^service_event is a mapping, not str$"):
            await session.send(RealtimeEvent(service_type="x", service_event="abc"))


async def test_two_updates_at_once_are_both_in_force(service):
    async with service.client(capabilities=LIVE)() as session:
        await asyncio.gather(session.update_session(voice="a"), session.update_session(speed=2))

        assert session.settings == RealtimeSettings(voice="a", speed=2)


async def test_a_fixed_setting_cannot_change_in_an_open_session(service):
    async with service.client(settings={"model": "a"}, capabilities=LIVE)() as session:
        with pytest.raises(UnsupportedSetting, match="scripted cannot change 'model' in an open session"):
            await session.update_session(model="b", voice="c")

        assert (service.connection.sent, session.settings.voice) == ([], RealtimeSettings().voice)


async def test_a_fixed_setting_may_be_said_again(service):
    async with service.client(settings={"model": "a"}, capabilities=LIVE)() as session:
        await session.update_session(model="a", voice="c")

        assert session.settings == RealtimeSettings(model="a", voice="c")


async def test_an_unknown_setting_is_refused_before_anything_is_sent(service):
    async with service.client(capabilities=LIVE)() as session:
        with pytest.raises(UnsupportedSetting, match=r"did you mean 'voice'\?"):
            await session.update_session(voise="a")

        assert service.connection.sent == []


async def test_turn_detection_is_unset_none_or_a_value(service):
    client = service.client(settings={"turn_detection": {"silence_duration_ms": 500}})
    for given, expected in (({}, TurnDetection(silence_duration_ms=500)), ({"turn_detection": None}, None)):
        async with client(**given):
            assert service.setups[-1].settings.turn_detection == expected


# -- formats -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", [PCM8, ULAW, AudioFormat("g711_alaw"), AudioFormat("pcm16", 48_000)], ids=str)
async def test_audio_is_converted_up_where_the_provider_lacks_the_sessions_format(service, fmt):
    spoken = bytes(range(256)) * 20
    converter = AudioConverter(fmt, PCM16_24KHZ)
    expected = converter.convert(spoken) + converter.flush()

    async with service.client()(input_audio_format=fmt) as session:
        await session.send_audio(spoken)
        await session.commit_audio()

        sent = b"".join(command.data for command in service.connection.of(AppendAudio))
    assert service.setups[0].settings.input_audio_format == PCM16_24KHZ
    assert sent == expected


@pytest.mark.parametrize("fmt", [PCM8, ULAW, AudioFormat("g711_alaw"), AudioFormat("pcm16", 48_000)], ids=str)
async def test_audio_is_converted_down_where_the_provider_lacks_the_sessions_format(service, idle, fmt):
    spoken = bytes(range(256)) * 20
    converter = AudioConverter(PCM16_24KHZ, fmt)
    expected = converter.convert(spoken) + converter.flush()
    session = await service.client().create_session(output_audio_format=fmt)
    service.connection.push(RealtimeAudioEvent(audio=AudioContent(spoken)))
    service.connection.push(DONE)
    await idle()
    await session.delete_session()

    events, _ = await _all(session)

    heard = [event.audio for event in events if isinstance(event, RealtimeAudioEvent)]
    assert {audio.format for audio in heard} == {fmt}
    assert b"".join(audio.data for audio in heard) == expected


async def test_a_provider_that_speaks_g711_only_gets_and_gives_the_default_format(service, idle):
    only = {"input_formats": (ULAW,), "output_formats": (ULAW,)}
    player = Player()
    async with service.client(capabilities=only)(audio_output_callback=player) as session:
        await session.send_audio(bytes(4_800))
        await session.commit_audio()
        service.connection.push(RealtimeAudioEvent(audio=AudioContent(b"\xff" * 800, ULAW)), DONE)
        await idle()

        sent = b"".join(command.data for command in service.connection.of(AppendAudio))
    assert service.setups[0].settings.output_audio_format == ULAW
    assert sent == b"\xff" * 800
    assert sum(map(len, player.heard)) == 2_400


async def test_a_format_that_the_provider_has_is_asked_for_and_not_converted(service):
    both = {"input_formats": (PCM16_24KHZ, ULAW), "output_formats": (PCM16_24KHZ, ULAW)}
    async with service.client(capabilities=both)(input_audio_format="g711_ulaw") as session:
        await session.send_audio(b"\x01\x02\x03")

        assert service.setups[0].settings.input_audio_format == ULAW
        assert service.connection.sent[0].data == b"\x01\x02\x03"


async def test_the_settings_keep_the_sessions_own_format(service):
    async with service.client()(input_audio_format="g711_ulaw") as session:
        assert session.settings.input_audio_format == ULAW


async def test_the_rest_of_a_response_reaches_callback_and_stream_before_its_end(service, idle):
    player = Player()
    session = await service.client().create_session(output_audio_format=PCM8, audio_output_callback=player)
    service.connection.push(RealtimeAudioEvent(audio=AudioContent(bytes(4_800))))
    service.connection.push(DONE)
    await idle()
    await session.delete_session()

    events, _ = await _all(session)

    assert isinstance(events[-3], RealtimeAudioEvent)
    assert events[-2] is DONE
    assert sum(map(len, player.heard)) == 800


async def test_clearing_forgets_what_the_converter_holds(service):
    async with service.client()(input_audio_format=PCM8) as session:
        await session.send_audio(b"\x11" * 1_600)
        await session.clear_audio()
        sent = len(service.connection.sent)
        await session.commit_audio()

        assert [type(command) for command in service.connection.sent[sent:]] == [CommitAudio]


async def test_a_new_input_format_sends_first_what_was_held_back(service):
    spoken = b"\x11" * 1_600
    converter = AudioConverter(PCM8, PCM16_24KHZ)
    expected = converter.convert(spoken) + converter.flush()
    async with service.client(capabilities=LIVE)(input_audio_format=PCM8) as session:
        await session.send_audio(spoken)
        await session.update_session(input_audio_format=PCM16_24KHZ)
        await session.send_audio(b"\x01\x00")

        kinds = [type(command) for command in service.connection.sent]
        sent = [command.data for command in service.connection.of(AppendAudio)]
    assert kinds[-2:] == [UpdateSession, AppendAudio]
    assert (b"".join(sent[:-1]), sent[-1]) == (expected, b"\x01\x00")


async def test_a_new_output_format_holds_from_then_on(service, idle):
    live = {"live_settings": frozenset({"output_audio_format"})}
    session = await service.client(capabilities=live).create_session()
    await session.update_session(output_audio_format="g711_ulaw")
    service.connection.push(RealtimeAudioEvent(audio=AudioContent(bytes(4_800))), DONE)
    await idle()
    await session.delete_session()

    events, _ = await _all(session)

    assert {event.audio.format for event in events if isinstance(event, RealtimeAudioEvent)} == {ULAW}


async def test_what_was_held_in_the_old_output_format_comes_before_the_new(service, idle):
    live = {"live_settings": frozenset({"output_audio_format"})}
    session = await service.client(capabilities=live).create_session(
        output_audio_format=AudioFormat("pcm16", 8_000)
    )
    service.connection.push(RealtimeAudioEvent(audio=AudioContent(bytes(48_000))))
    await idle()
    await session.update_session(output_audio_format="g711_ulaw")
    service.connection.push(RealtimeAudioEvent(audio=AudioContent(bytes(4_800))), DONE)
    await idle()
    await session.delete_session()

    events, _ = await _all(session)

    audio = [event.audio for event in events if isinstance(event, RealtimeAudioEvent)]
    old = [content for content in audio if content.format.encoding == "pcm16"]
    assert sum(content.duration_ms for content in old) == pytest.approx(1_000, abs=1)
    assert audio[: len(old)] == old


# -- what it says of itself --------------------------------------------------------------------------


async def test_a_session_says_where_it_is(service):
    session = service.client()()
    shown = [repr(session)]
    async with session:
        shown.append(repr(session))
    shown.append(repr(session))

    assert shown == [f"<RealtimeSession scripted {state}>" for state in ("new", "open", "closed")]


async def test_a_session_knows_what_its_provider_can_do(service):
    assert service.client(capabilities={"acks": False})().capabilities.acks is False


async def test_nothing_secret_shows_in_a_plan(service):
    session = service.client(options={"region": "very secret"})()

    assert "very secret" not in repr(session._plan)


# -- what it only hands on ---------------------------------------------------------------------------


async def test_words_of_others_than_the_user_are_history_where_the_service_takes_no_others(service):
    async with service.client(capabilities={"history": "at_start"})() as session:
        with pytest.raises(
            UnsupportedCommand, match="scripted takes no words of the system in an open session; give them as"
        ):
            await session.send_text("be brief", role="system")
        await session.send_text("hello")

        assert [command.item for command in service.connection.of(AddItem)] == [Message("user", "hello")]


async def test_a_response_may_have_tools_of_its_own(service):
    async def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    remote = {"type": "mcp", "server_label": "docs"}
    async with service.client()() as session:
        await session.create_response(tools=[add, remote])

        (request,) = service.connection.of(CreateResponse)
        assert request.overrides["tools"] == (Tool(add).definition, remote)


async def test_what_was_said_is_in_the_conversation_the_captions_and_the_usage(service, clock, idle):
    said = RealtimeTextEvent(item_id="item_1", response_id="resp_1", text="hello")
    used = Usage(total_tokens=3, input_tokens=1, output_tokens=2)
    with use_clock(clock):
        async with service.client()() as session:
            captions = session.captions()
            service.connection.push(said)
            service.connection.push(attrs.evolve(DONE, status="completed", usage=used))
            await idle()
            clock.advance(2)

            assert [entry.text for entry in session.conversation] == ["hello"]
            assert (await anext(captions)).text == "hello"
            assert (session.usage.tokens.total_tokens, session.usage.duration_s) == (3, 2)


async def test_interrupting_cuts_where_the_player_says_that_it_is(service, clock, idle):
    begun = RealtimeResponseEvent(phase="created", response_id="resp_1")
    piece = RealtimeAudioEvent(response_id="resp_1", item_id="item_1", audio=AudioContent(bytes(48_000)))
    with use_clock(clock):
        async with service.client()(audio_output_callback=Player()) as session:
            service.connection.push(begun, piece)
            await idle()
            session.report_played("item_1", 120)

            assert await session.interrupt() is True

            assert [command.keep_ms for command in service.connection.of(Truncate)] == [120]


async def test_a_person_decides_on_calls(service, idle):
    requests = [ApprovalRequest(f"mcpr_{number}", "delete", "{}", server="files") for number in (1, 2)]
    async with service.client()() as session:
        service.connection.push(*(RealtimeApprovalEvent(request=request) for request in requests))
        await idle()

        await session.approve(requests[0])
        await session.deny(requests[1], "not today")

        answers = [
            (answer.approval_id, answer.approve, answer.reason)
            for answer in service.connection.of(AnswerApproval)
        ]
        assert answers == [("mcpr_1", True, ""), ("mcpr_2", False, "not today")]


async def test_a_response_is_in_the_conversation_or_out_of_it(service):
    async with service.client()() as session:
        with pytest.raises(InvalidSettings, match="conversation takes 'auto' or 'none', not 'no'"):
            await session.create_response(conversation="no")
