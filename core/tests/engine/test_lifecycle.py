"""The life of a connection on its own: no session, no events that mean anything."""

import asyncio
import contextlib

import attrs
import pytest
from realtime_core.commands import AppendAudio, CommitAudio
from realtime_core.engine.lifecycle import DELETED, End, Hooks, Lifecycle
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    ProtocolError,
    SessionStateError,
    UnsupportedCommand,
)
from realtime_core.state import SessionState


class Session:
    """Hooks that log what they are told; every event is the configuration in force."""

    def __init__(self, service, clock):
        self.log = []
        self.service = service
        self.serving = asyncio.Event()
        self.life = Lifecycle(
            Hooks(
                connect=self.connect,
                take=self.take,
                prepare=self.prepare,
                serve=lambda: [self.serve()],
                opened=lambda: self.log.append("opened"),
                sending=lambda command: self.log.append(("sending", command)),
                not_sent=lambda command: self.log.append(("not sent", command)),
                finish=self.finish,
            ),
            name="scripted",
            clock=clock,
            open_timeout_s=10,
            close_timeout_s=5,
        )

    async def connect(self):
        return await self.service.connect(None, None)

    def take(self, event):
        self.log.append(event)
        self.life.created()
        self.life.configured()

    async def prepare(self, _):
        self.log.append("prepare")

    async def serve(self):
        self.log.append("serve")
        try:
            await self.serving.wait()
        except asyncio.CancelledError:
            self.log.append("cancelled")
            raise

    def finish(self, end):
        self.log.append(end)


@pytest.fixture
def session(service, clock):
    service.greeting = [("configured",)]
    return Session(service, clock)


async def test_connecting_configuring_preparing_and_ending_come_in_this_order(session):
    await session.life.open()
    await session.life.close()

    told = [entry for entry in session.log if entry not in ("serve", "cancelled")]
    assert told == ["configured", "prepare", "opened", DELETED]


async def test_what_the_provider_is_sent_is_sent(session, service):
    await session.life.open()

    await session.life.send(CommitAudio())

    assert [type(command) for command in service.connection.sent] == [CommitAudio]
    await session.life.close()


async def test_there_is_no_connection_before_it_is_open(session):
    with pytest.raises(SessionStateError, match="the session is new, not open"):
        session.life.connection()


async def test_the_first_reason_to_end_stands(session):
    lost = ConnectionLost("gone", reason=LostReason.DROPPED)
    await session.life.open()

    session.life.request(End.by(lost))
    await session.life.close()

    assert (session.life.end.failure, session.log[-1].failure) == (lost, lost)


async def test_the_end_is_told_once(session):
    await session.life.open()

    await asyncio.gather(session.life.close(), session.life.close())
    await session.life.close()

    assert session.log.count(DELETED) == 1


async def test_closing_what_was_never_opened_tells_the_end(session):
    await session.life.close()
    await session.life.close()

    assert (session.log, session.life.state) == ([DELETED], SessionState.CLOSED)


async def test_a_root_task_cancelled_from_outside_is_an_end_nobody_asked_for(session):
    await session.life.open()

    session.life._root.cancel()
    await session.life.wait_closed()

    assert session.life.end.failure.reason is LostReason.CANCELLED


async def test_a_frame_without_an_event_breaks_the_contract(session, service):
    await session.life.open()

    service.connection.push()
    await session.life.wait_closed()

    assert isinstance(session.life.end.failure, ProtocolError)


async def test_a_provider_that_never_waits_leaves_turns_to_others(session, service):
    await session.life.open()
    for number in range(1_000):
        service.connection.push(number)

    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert len([entry for entry in session.log if isinstance(entry, int)]) < 1_000
    await session.life.close()


async def test_a_task_that_swallows_its_cancellation_holds_no_end_up(session, clock, idle, caplog):
    stubborn = asyncio.Event()

    async def serve():
        while not stubborn.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await stubborn.wait()

    session.life._hooks = attrs.evolve(session.life._hooks, serve=lambda: [serve()])
    await session.life.open()
    closing = asyncio.create_task(session.life.close())
    await idle()

    clock.advance(5)
    await closing

    assert (session.life.state, session.log[-1]) == (SessionState.CLOSED, DELETED)
    assert "lives on" in caplog.text
    stubborn.set()
    await idle()


async def test_serving_is_cancelled_at_the_end(session):
    await session.life.open()

    await session.life.close()

    assert session.log[-2:] == ["cancelled", DELETED]


async def test_an_end_while_preparing_is_no_opening(session):
    gate = asyncio.Event()

    async def prepare(_):
        session.life.request(DELETED)
        await gate.wait()

    session.life._hooks = attrs.evolve(session.life._hooks, prepare=prepare)
    with pytest.raises(SessionStateError, match="the session was deleted while it was opening"):
        await session.life.open()


async def test_an_end_asked_for_by_the_last_event_of_the_opening_is_no_opening(session):
    session.life._hooks = attrs.evolve(
        session.life._hooks, take=lambda event: (session.take(event), session.life.request(DELETED))
    )

    with pytest.raises(SessionStateError, match="the session was deleted while it was opening"):
        await session.life.open()

    assert "prepare" not in session.log


async def test_an_end_asked_for_while_preparing_without_waiting_is_no_opening(session):
    async def prepare(_):
        session.life.request(DELETED)

    session.life._hooks = attrs.evolve(session.life._hooks, prepare=prepare)

    with pytest.raises(SessionStateError, match="the session was deleted while it was opening"):
        await session.life.open()


async def test_a_timeout_of_the_provider_itself_is_no_timeout_of_opening(session, service):
    await session.life.open()
    service.connection.fail(TimeoutError())

    await session.life.wait_closed()

    assert isinstance(session.life.end.failure, ProtocolError)


async def test_an_overdue_opening_has_its_timeout_as_the_cause(session, service, clock, idle):
    service.greeting = []
    opening = asyncio.create_task(session.life.open())
    await idle()
    clock.advance(10)

    with pytest.raises(ConnectionFailed) as caught:
        await opening

    assert isinstance(caught.value.__cause__, TimeoutError)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ConnectionLost("x", reason=LostReason.EXPIRED), "expired"),
        (ConnectionFailed("x", reason=FailedReason.DNS), "dns"),
        (AuthenticationFailed("x"), "AuthenticationFailed"),
    ],
)
def test_an_end_has_the_reason_of_its_failure(failure, reason):
    end = End.by(failure)

    assert (end.reason, end.failure) == (reason, failure)


def test_a_deletion_is_no_failure():
    assert (DELETED.reason, DELETED.failure) == ("deleted", None)


async def test_a_loop_that_cancels_the_root_while_the_connection_hangs_still_tells_the_end(
    session, service, idle
):
    await session.life.open()
    service.aclose_gate = asyncio.Event()
    session.life._root.cancel()
    await idle()

    session.life._root.cancel()
    await session.life.wait_closed()

    assert (session.log[-1].reason, session.life.state) == ("cancelled", SessionState.CLOSED)


# -- what the rest of the session rests on ---------------------------------------------------------------


def told(session):
    return [entry for entry in session.log if isinstance(entry, tuple)]


async def test_opening_that_is_cancelled_takes_everything_down(session, service, idle):
    service.greeting = []
    opening = asyncio.create_task(session.life.open())
    await idle()

    opening.cancel()

    with pytest.raises(asyncio.CancelledError):
        await opening
    assert (session.life.state, session.life.end) == (SessionState.CLOSED, DELETED)
    assert service.connection.closed == 1


async def test_configuration_before_the_session_is_made_opens_nothing(session, clock, idle):
    session.life.created = lambda: None
    opening = asyncio.create_task(session.life.open())
    await idle()
    assert session.life.state is SessionState.OPENING

    clock.advance(10)

    with pytest.raises(ConnectionFailed):
        await opening


async def test_session_of_another_loop_is_left_alone(session):
    await session.life.open()

    def elsewhere():
        with pytest.raises(SessionStateError, match="another event loop"):
            asyncio.run(session.life.send(CommitAudio()))

    await asyncio.to_thread(elsewhere)
    await session.life.close()


async def test_ended_session_says_why_when_something_is_sent(session, service):
    await session.life.open()
    lost = service.connection.lose()
    await session.life.wait_closed()

    with pytest.raises(SessionStateError, match=r"has ended \(dropped\)") as error:
        await session.life.send(CommitAudio())

    assert error.value.__cause__ is lost


async def test_work_is_run_until_the_end_and_none_begins_after_it(session, idle):
    log = []

    async def work(name):
        try:
            log.append(name)
            await asyncio.Event().wait()
        finally:
            log.append(f"{name} ended")

    assert session.life.spawn(work("too early"), "work") is None
    await session.life.open()
    assert session.life.spawn(work("in time"), "work") is not None
    await idle()
    await session.life.close()
    assert session.life.spawn(work("too late"), "work") is None

    assert log == ["in time", "in time ended"]


async def test_deletion_from_inside_waits_for_what_asked_for_it(session):
    log = []

    async def work():
        await session.life.close()
        log.append(session.life.state)
        await asyncio.sleep(0)
        log.append("finished")

    await session.life.open()
    session.life.spawn(work(), "work")
    await session.life.wait_closed()

    assert log == [SessionState.CLOSING, "finished"]


async def test_what_asked_for_the_end_from_inside_and_never_finishes_is_cancelled(session, clock, idle):
    async def work():
        await session.life.close()
        await asyncio.Event().wait()

    await session.life.open()
    session.life.spawn(work(), "work")
    await idle()
    assert session.life.state is SessionState.CLOSING

    clock.advance(5)

    await session.life.wait_closed()
    assert session.life.end is DELETED


async def test_command_that_is_refused_or_broken_was_not_sent(session, service):
    await session.life.open()
    command = CommitAudio()
    service.send_error = UnsupportedCommand("no")
    with pytest.raises(UnsupportedCommand):
        await session.life.send(command)
    for error in (ZeroDivisionError(), asyncio.CancelledError()):
        service.send_error = error
        with pytest.raises(ProtocolError, match="broke its contract") as broken:
            await session.life.send(command)
        assert broken.value.__cause__ is error

    assert told(session) == [("sending", command), ("not sent", command)] * 3
    await session.life.close()


async def test_command_whose_sender_is_cancelled_may_have_been_sent(session, service, idle):
    await session.life.open()
    service.send_gate = asyncio.Event()
    sending = asyncio.create_task(session.life.send(CommitAudio()))
    await idle()

    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending
    assert [kind for kind, _ in told(session)] == ["sending"]
    await session.life.close()


@pytest.mark.parametrize("tells_audio", [False, True])
async def test_audio_is_told_where_somebody_listens(session, tells_audio):
    session.life._hooks = attrs.evolve(session.life._hooks, tells_audio=tells_audio)
    await session.life.open()

    await session.life.send(AppendAudio(data=b"\0\0"))

    assert len(told(session)) == tells_audio
    await session.life.close()


@pytest.mark.parametrize("error", [ZeroDivisionError(), asyncio.CancelledError()])
async def test_provider_that_breaks_ends_the_session(session, service, error):
    await session.life.open()

    service.connection.fail(error)
    await session.life.wait_closed()

    assert isinstance(session.life.end.failure, ProtocolError)
    assert session.life.end.failure.__cause__ is error


async def test_without_preparing_it_is_open_as_soon_as_it_is_configured(session, idle):
    session.life._hooks = attrs.evolve(session.life._hooks, prepare=None, serve=list)
    await session.life.open()
    await idle()

    assert session.life.state is SessionState.OPEN
    await session.life.close()
    assert [entry for entry in session.log if entry != "cancelled"] == ["configured", "opened", DELETED]


async def test_nobody_waits_for_the_end_of_what_was_never_opened(session):
    await session.life.wait_closed()

    assert session.life.state is SessionState.NEW


async def test_preparing_sends_before_it_is_open(session, service):
    command = CommitAudio()

    async def prepare(send):
        assert session.life.state is SessionState.OPENING
        await send(command)

    session.life._hooks = attrs.evolve(session.life._hooks, prepare=prepare)
    await session.life.open()

    assert service.connection.sent == [command]
    await session.life.close()


async def test_connection_that_was_never_made_is_not_closed(session, service):
    service.connect_error = ConnectionFailed("no", reason=FailedReason.DNS)

    with pytest.raises(ConnectionFailed):
        await session.life.open()

    assert service.connections == []
    assert session.life.state is SessionState.CLOSED


async def test_connection_that_does_not_close_is_left_behind(session, service, caplog):
    await session.life.open()
    service.aclose_error = ZeroDivisionError()

    await session.life.close()

    assert session.life.state is SessionState.CLOSED
    assert "did not close its connection: ZeroDivisionError" in caplog.text


async def test_what_one_task_raises_is_logged_without_its_words_and_ends_no_session(session, idle, caplog):
    async def fail():
        raise ValueError("password=hunter2")

    await session.life.open()
    session.life.spawn(fail(), "the tool")
    await idle()

    assert session.life.state is SessionState.OPEN
    assert caplog.messages == ["the tool failed: ValueError"]
    await session.life.close()


def test_a_provider_that_ends_the_program_ends_it(service, clock):
    service.connect_error = SystemExit(3)
    session = Session(service, clock)

    with pytest.raises(SystemExit) as program:
        asyncio.run(session.life.open())

    assert program.value.code == 3


async def test_task_that_raises_what_nobody_expects_ends_no_other(session, idle, caplog):
    class Odd(BaseException):
        pass

    async def work():
        raise Odd("somebody's words")

    await session.life.open()
    session.life.spawn(work(), "work")
    await idle()

    assert session.life.state is SessionState.OPEN
    assert "work failed: Odd" in caplog.text
    assert "words" not in caplog.text
    await session.life.close()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_program_that_is_to_end_is_not_held_up(service, clock, error):
    async def serve():
        raise error

    async def connect():
        raise error

    async def opening(**hooks):
        session = Session(service, clock)
        session.life._hooks = attrs.evolve(session.life._hooks, **hooks)
        await session.life.open()

    service.greeting = [("configured",)]
    for hooks in ({"serve": lambda: [serve()]}, {"connect": connect}):
        with pytest.raises(error):
            asyncio.run(opening(**hooks))
