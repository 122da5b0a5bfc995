"""What observers see of whole sessions over a real WebSocket, and what a log never shows."""

import asyncio
import logging
from typing import Any

import pytest
from realtime_core import (
    AuthenticationFailed,
    InvalidSettings,
    LoggingObserver,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSession,
    create_client,
)
from realtime_core.commands import AddItem, CreateResponse
from realtime_core.engine.observation import drain
from realtime_core.observers import hookimpl

pytestmark = pytest.mark.usefixtures("no_leaks")

KEY = "sk-proj-MARKERMARKER"
SCRIPT = [
    {"call": {"name": "look_up", "arguments": {"what": "MARKER"}}},
    {"result_of": "look_up", "say": "MARKER is {output}."},
]


def look_up(what: str) -> str:
    """Look it up."""
    return f"MARKER {what}"


class Recorder:
    def __init__(self) -> None:
        self.seen: list[tuple[str, Any, Any]] = []

    @hookimpl
    def realtime_session_opened(self, session: Any) -> None:
        self.seen.append(("opened", session, None))

    @hookimpl
    def realtime_session_closed(self, session: Any, reason: str, error: Any) -> None:
        self.seen.append(("closed", session, (reason, error)))

    @hookimpl
    def realtime_event(self, session: Any, event: RealtimeEvent) -> None:
        self.seen.append(("event", session, event))

    @hookimpl
    def realtime_command(self, session: Any, command: Any) -> None:
        self.seen.append(("command", session, command))

    @hookimpl
    def realtime_tool(self, session: Any, call: Any, result: Any) -> None:
        self.seen.append(("tool", session, (call, result)))

    def of(self, what: str) -> list[Any]:
        return [value for kind, _, value in self.seen if kind == what]


def client(server: Any, *observers: object) -> Any:
    return create_client("openai-ws", api_key=KEY, base_url=server.base_url, observers=observers)


async def converse(session: RealtimeSession) -> list[RealtimeEvent]:
    """Ask, have the tool run, and hear the answer."""
    events, ended = [], 0
    await session.send_text("MARKER?", respond=True)
    async for event in session.receive():
        events.append(event)
        ended += isinstance(event, RealtimeResponseEvent) and event.phase == "done"
        if ended == 2:
            break
    return events


async def drained() -> None:
    assert await asyncio.to_thread(drain, 60)


async def test_an_observer_sees_the_session_from_its_opening_to_its_end(realtime_simulator: Any):
    recorder = Recorder()
    async with realtime_simulator(script=SCRIPT, speed=0) as server:
        async with client(server, recorder)(tools=[look_up], instructions="MARKER") as session:
            events = await converse(session)
            session_id = session.id
        await drained()

    assert [what for what, *_ in recorder.seen if what in ("opened", "closed")] == ["opened", "closed"]
    assert recorder.of("closed") == [("deleted", None)]
    seen = recorder.of("event")
    assert [event for event in seen if any(event is mine for mine in events)] == events
    assert [type(command) for command in recorder.of("command")].count(CreateResponse) == 2
    assert [type(command) for command in recorder.of("command")].count(AddItem) == 2
    ((call, result),) = recorder.of("tool")
    assert (call.name, result.output, result.is_error) == ("look_up", "MARKER MARKER", False)
    assert {info.provider for _, info, _ in recorder.seen} == {"openai-ws"}
    assert len({info.number for _, info, _ in recorder.seen}) == 1
    assert {info.session_id for what, info, _ in recorder.seen if what == "event"} == {session_id}


async def test_a_session_that_cannot_be_opened_is_told_as_ended(realtime_simulator: Any):
    recorder = Recorder()
    async with realtime_simulator(api_key="another", speed=0) as server:
        with pytest.raises(AuthenticationFailed):
            async with client(server, recorder)():
                pass
        await drained()

    assert [what for what, *_ in recorder.seen if what in ("opened", "closed")] == ["closed"]
    ((reason, error),) = recorder.of("closed")
    assert reason == "AuthenticationFailed"
    assert isinstance(error, AuthenticationFailed)


async def test_an_observer_that_raises_changes_nothing_for_the_session(realtime_simulator: Any):
    class Raising:
        @hookimpl
        def realtime_event(self) -> None:
            raise ValueError("MARKER")

    async with (
        realtime_simulator(script=SCRIPT, speed=0) as server,
        client(server, Raising())(tools=[look_up]) as session,
    ):
        events = await converse(session)

    assert not [event for event in events if isinstance(event, RealtimeErrorEvent)]
    await drained()


async def test_an_observer_that_cannot_be_meant_is_refused_by_the_client(realtime_simulator: Any):
    async with realtime_simulator(speed=0) as server:
        with pytest.raises(InvalidSettings, match="observer 'object' has no hook"):
            client(server, object())


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    # ours, all of them; what other libraries log at DEBUG is theirs to say
    caplog.set_level(logging.DEBUG, logger="realtime_core")
    caplog.set_level(logging.DEBUG, logger="realtime_openai")
    caplog.set_level(logging.DEBUG, logger="realtime_openai_wire")
    return caplog


def everything(log: pytest.LogCaptureFixture) -> str:
    return "\n".join(f"{vars(record)} {record.getMessage()}" for record in log.records)


async def logged_session(server: Any, observer: LoggingObserver) -> None:
    async with client(server, observer)(tools=[look_up], instructions="MARKER") as session:
        await session.send_audio(b"\0\0" * 2400)
        await converse(session)
    await drained()


async def test_a_log_of_a_whole_session_shows_no_words_and_no_key(
    realtime_simulator: Any, log: pytest.LogCaptureFixture
):
    async with realtime_simulator(script=SCRIPT, speed=0) as server:
        await logged_session(server, LoggingObserver())

    assert "what=session_closed" in everything(log)
    assert "what=tool_run" in everything(log)
    assert "MARKER" not in everything(log)


async def test_with_content_words_are_shown_and_the_key_is_not(
    realtime_simulator: Any, log: pytest.LogCaptureFixture
):
    async with realtime_simulator(script=SCRIPT, speed=0) as server:
        await logged_session(server, LoggingObserver(include_content=True))

    assert 'text="MARKER is MARKER MARKER."' in everything(log)
    assert KEY not in everything(log)
