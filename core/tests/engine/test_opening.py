"""A session that is opened with the first of several providers that can."""

import asyncio
import logging
import threading

import pytest
from realtime_core.client import RealtimeClient
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    ProviderError,
    SessionStateError,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.events import RealtimeErrorEvent, RealtimeTranscriptEvent
from realtime_core.observers import hookimpl
from realtime_core.state import SessionState

REFUSED = ConnectionFailed("secret words", reason=FailedReason.REFUSED)


@pytest.fixture
def client(service, other_service):
    """Of the scripted service, with another to fall back on."""
    other = RealtimeClient(other_service.provider(), name="other", profile="backup", settings={"voice": "b"})
    return service.client(fallbacks=[other], settings={"voice": "a"}, profile="main")


async def test_the_first_that_opens_is_the_one_and_no_other_is_asked(client, other_service):
    async with client() as session:
        assert (session.provider, session.profile, session.failed_attempts) == ("scripted", "main", ())

    assert other_service.connections == []


async def test_where_the_first_cannot_the_next_one_opens_it(client, service, other_service):
    service.connect_error = REFUSED

    async with client(speed=2) as session:
        (attempt,) = session.failed_attempts
        assert (session.provider, session.profile, session.state) == ("other", "backup", SessionState.OPEN)
        assert (attempt.provider, attempt.profile, attempt.error) == ("scripted", "main", REFUSED)
        assert repr(session) == "<RealtimeSession other open>"
        await session.send_text("hello")

    (setup,) = other_service.setups
    assert (setup.settings.voice, setup.settings.speed) == ("b", 2)
    assert len(other_service.connection.sent) == 1


async def test_one_that_refuses_the_configuration_has_let_go_before_the_next_is_tried(client, service):
    overloaded = RealtimeErrorEvent(
        kind="server", code="overloaded", message="later", retryable=True, fatal=True
    )
    service.greeting = [(overloaded,)]

    async with client() as session:
        assert session.provider == "other"
        assert service.connection.closed == 1


async def test_the_log_names_who_failed_and_who_is_next_and_quotes_nobody(client, service, caplog):
    service.connect_error = REFUSED

    with caplog.at_level(logging.WARNING, "realtime_core"):
        async with client():
            pass

    assert caplog.messages == [
        (
            "scripted (profile 'main') could not open a session (ConnectionFailed); "
            "trying other (profile 'backup')"
        )
    ]


async def test_where_nobody_can_one_error_names_all_and_keeps_theirs(client, service, other_service):
    service.connect_error = REFUSED
    other_service.connect_error = no = AuthenticationFailed("no")
    session = client()

    with pytest.raises(ConnectionFailed, match="profile 'main'") as caught:
        await session.create_session()

    assert str(caught.value) == (
        "no provider could open a session: "
        "scripted (profile 'main'): secret words; other (profile 'backup'): no"
    )
    assert (caught.value.reason, caught.value.causes) == (FailedReason.NO_PROVIDER, (REFUSED, no))
    assert caught.value.__cause__ is no
    assert [attempt.provider for attempt in session.failed_attempts] == ["scripted", "other"]
    assert session.state is SessionState.CLOSED


async def test_where_there_is_no_other_the_error_is_raised_as_it_is(service):
    service.connect_error = REFUSED

    with pytest.raises(ConnectionFailed) as caught:
        await service.client().create_session()

    assert caught.value is REFUSED


@pytest.mark.parametrize("error", [UnsupportedSetting("no such voice"), ProviderError("no such voice")])
async def test_a_mistake_of_the_caller_is_raised_and_nobody_else_is_tried(
    client, service, other_service, error
):
    service.connect_error = error

    with pytest.raises(type(error), match="no such voice"):
        await client.create_session()

    assert other_service.connections == []


async def test_a_mistake_that_a_later_one_finds_tells_who_was_tried_before(client, service, other_service):
    service.connect_error = REFUSED
    other_service.connect_error = UnsupportedSetting("no such voice")

    with pytest.raises(UnsupportedSetting) as caught:
        await client.create_session()

    assert caught.value.__notes__ == ["tried before: scripted (profile 'main'): secret words"]


async def test_what_a_fallback_cannot_honour_is_refused_before_anything_is_opened(service, other_service):
    other = RealtimeClient(other_service.provider(turns=False), name="other")

    with pytest.raises(UnsupportedCommand, match="other answers by itself"):
        service.client(fallbacks=[other])(create_response=True)


async def test_an_open_session_that_is_lost_is_lost(client, service, other_service):
    async with client() as session:
        lost = service.connection.lose()
        with pytest.raises(ConnectionLost) as caught:
            [event async for event in session.receive()]

    assert caught.value is lost
    assert other_service.connections == []


async def test_the_end_of_the_event_loop_is_no_reason_to_try_another(client, service, other_service):
    service.connect_error = ConnectionLost("the loop ends", reason=LostReason.CANCELLED)

    with pytest.raises(ConnectionLost):
        await client.create_session()

    assert other_service.connections == []


async def test_it_opens_once(client, service, other_service):
    service.connect_error = REFUSED

    async with client() as session:
        captions = session.captions()
        with pytest.raises(SessionStateError):
            await session.create_session()
        other_service.connection.push(
            RealtimeTranscriptEvent(role="user", text="hello", final=True, item_id="item_1")
        )
        assert (await anext(captions)).text == "hello"


async def test_deleting_it_while_one_is_tried_tries_no_other(client, service, other_service, idle):
    service.connect_gate = asyncio.Event()
    session = client()
    opening = asyncio.create_task(session.create_session())
    await idle()

    await session.delete_session()

    with pytest.raises(SessionStateError, match="deleted while it was opening"):
        await opening
    assert (other_service.connections, client._sessions) == ([], [])


async def test_deleting_it_while_the_next_one_is_tried_ends_it(client, service, other_service, idle):
    service.connect_error = REFUSED
    other_service.connect_gate = asyncio.Event()
    session = client()
    opening = asyncio.create_task(session.create_session())
    await idle()

    await session.delete_session()

    with pytest.raises(SessionStateError, match="deleted while it was opening"):
        await opening
    assert other_service.connecting == 0


async def test_a_refusal_of_one_that_was_deleted_meanwhile_tries_no_other(
    client, service, other_service, idle
):
    service.greeting = [(RealtimeErrorEvent(kind="auth", code="no", message="no", fatal=True),)]
    service.aclose_gate = asyncio.Event()
    session = client()
    opening = asyncio.create_task(session.create_session())
    await idle()
    deleting = asyncio.create_task(session.delete_session())
    await idle()
    service.aclose_gate.set()

    with pytest.raises(AuthenticationFailed):
        await opening
    await deleting
    assert other_service.connections == []


async def test_cancelling_the_opening_while_the_next_one_is_tried_leaves_nothing(
    client, service, other_service, idle
):
    service.connect_error = REFUSED
    other_service.connect_gate = asyncio.Event()
    session = client()
    opening = asyncio.create_task(session.create_session())
    await idle()

    opening.cancel()
    await asyncio.wait([opening])

    assert opening.cancelled()
    assert (session.state, other_service.connecting, client._sessions) == (SessionState.CLOSED, 0, [])


async def test_whoever_waits_for_its_end_does_not_take_the_end_of_an_attempt_for_it(client, service, idle):
    service.connect_error = REFUSED
    service.connect_gate = asyncio.Event()
    session = client()
    opening = asyncio.create_task(session.create_session())
    await idle()
    waiting = asyncio.create_task(session.wait_closed())
    await idle()

    service.connect_gate.set()
    await opening
    await idle()
    assert not waiting.done()

    await session.delete_session()
    await waiting


async def test_the_end_can_be_awaited_when_nobody_else_was_needed(client):
    async with client() as session:
        waiting = asyncio.create_task(session.wait_closed())
    await waiting


async def test_captions_asked_for_before_go_on_with_the_next_one(client, service, other_service):
    service.connect_error = REFUSED
    session = client()
    captions = session.captions()

    async with session:
        other_service.connection.push(
            RealtimeTranscriptEvent(role="user", text="hello", final=True, item_id="item_1")
        )
        assert (await anext(captions)).text == "hello"

    assert [caption async for caption in captions] == []


async def test_captions_asked_for_before_end_where_nobody_can(client, service, other_service):
    service.connect_error = other_service.connect_error = REFUSED
    session = client()
    captions = session.captions()

    with pytest.raises(ConnectionFailed):
        await session.create_session()

    assert [caption async for caption in captions] == []


async def test_a_reader_of_captions_that_was_handed_over_can_be_closed(client, service):
    service.connect_error = REFUSED
    session = client()
    captions = session.captions()

    async with session:
        await captions.aclose()
        assert [caption async for caption in captions] == []
        assert not session._engine.recorder.captions.is_read


async def test_the_callback_and_the_tools_are_those_of_the_client(service, other_service):
    service.connect_error = REFUSED
    other = RealtimeClient(other_service.provider(), name="other")

    def look_up(word: str) -> str:
        """Look a word up."""
        return word

    async with service.client(fallbacks=[other], audio_output_callback=lambda _: None)(
        tools=[look_up]
    ) as session:
        assert session._engine.speech.output.has_callback

    assert [tool.name for tool in other_service.setups[-1].tools] == ["look_up"]


async def test_to_observers_each_attempt_is_a_session_of_its_own(service, other_service):
    told = []
    seen = threading.Event()

    class Watcher:
        @hookimpl
        def realtime_session_opened(self, session):
            told.append(("opened", session.provider))

        @hookimpl
        def realtime_session_closed(self, session, reason, error):
            told.append(("closed", session.provider, reason, error))
            if session.provider == "other":
                seen.set()

    service.connect_error = REFUSED
    other = RealtimeClient(other_service.provider(), name="other")

    async with service.client(fallbacks=[other], observers=[Watcher()])():
        pass
    await asyncio.to_thread(seen.wait)

    assert told == [
        ("closed", "scripted", "refused", REFUSED),
        ("opened", "other"),
        ("closed", "other", "deleted", None),
    ]
