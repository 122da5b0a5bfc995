"""What the tests of the core stand on: a clock they move and a service they script."""

import asyncio
import gc
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import settings
from realtime_core.capabilities import Capabilities
from realtime_core.client import RealtimeClient
from realtime_core.clock import VirtualClock
from realtime_core.commands import ClearAudio, Command, CommitAudio, UpdateSession
from realtime_core.errors import ConnectionLost, LostReason
from realtime_core.events import RealtimeEvent, RealtimeSessionEvent, RealtimeSpeechEvent
from realtime_core.options import option
from realtime_core.provider import Provider, Setup
from realtime_core.settings import RealtimeSettings

# Hypothesis' deadline is a timing assertion
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

CREATED = RealtimeSessionEvent(service_type="session.created", phase="created", session_id="sess_1")
UPDATED = RealtimeSessionEvent(service_type="session.updated", phase="updated")


class ScriptedConnection:
    """A `Connection` that gives the frames the test pushes and logs the commands it is sent."""

    def __init__(self, service: "ScriptedService") -> None:
        self._service = service
        self._frames: asyncio.Queue[Sequence[Any] | BaseException] = asyncio.Queue()
        self.sent: list[Command] = []
        self.closed = 0
        self.reading = 0

    def push(self, *events: Any) -> None:
        """One frame."""
        self._frames.put_nowait(events)

    def fail(self, error: BaseException) -> None:
        """``receive`` raises that."""
        self._frames.put_nowait(error)

    def lose(self, reason: LostReason = LostReason.DROPPED, code: int | None = 1006) -> ConnectionLost:
        """The link ends; gives the error that says so."""
        error = ConnectionLost("the link has gone", reason=reason, code=code)
        self.fail(error)
        return error

    def of(self, kind: type[Command]) -> list[Any]:
        """The commands of one class, in order."""
        return [command for command in self.sent if type(command) is kind]

    async def send(self, command: Command) -> None:
        if self._service.send_gate is not None:
            await self._service.send_gate.wait()
        if self._service.send_error is not None:
            raise self._service.send_error
        self.sent.append(command)
        answer = self._service.answers.get(type(command))
        if answer is not None:
            self.push(answer(command))

    async def receive(self) -> Sequence[RealtimeEvent]:
        self.reading += 1
        try:
            frame = await self._frames.get()
        finally:
            self.reading -= 1
        if isinstance(frame, BaseException):
            raise frame
        return frame

    async def aclose(self) -> None:
        self.closed += 1
        if self._service.aclose_gate is not None:
            await self._service.aclose_gate.wait()
        if self._service.aclose_error is not None:
            raise self._service.aclose_error


@attrs.frozen
class ScriptedOptions:
    region: str = option(env="SCRIPTED_REGION", default="north")
    timeout_s: float = option(default=10.0, convert=float)


class ScriptedService:
    """The far end: what it does when somebody connects, and every connection that was made."""

    def __init__(self) -> None:
        self.greeting: list[Sequence[Any]] = [(CREATED,), (UPDATED,)]
        self.answers: dict[type[Command], Callable[[Any], RealtimeEvent]] = {
            UpdateSession: lambda command: RealtimeSessionEvent(
                phase="updated", command_id=command.command_id
            ),
            CommitAudio: lambda command: RealtimeSpeechEvent(
                phase="committed", command_id=command.command_id
            ),
            ClearAudio: lambda command: RealtimeEvent(
                service_type="buffer.cleared", command_id=command.command_id
            ),
        }
        self.connections: list[ScriptedConnection] = []
        self.setups: list[Setup] = []
        self.options: list[Any] = []
        self.connecting = 0
        self.connect_gate: asyncio.Event | None = None
        self.connect_error: BaseException | None = None
        self.send_gate: asyncio.Event | None = None
        self.send_error: BaseException | None = None
        self.aclose_gate: asyncio.Event | None = None
        self.aclose_error: BaseException | None = None

    @property
    def connection(self) -> ScriptedConnection:
        """The latest."""
        return self.connections[-1]

    async def connect(self, options: Any, setup: Setup) -> ScriptedConnection:
        self.connecting += 1
        try:
            if self.connect_gate is not None:
                await self.connect_gate.wait()
        finally:
            self.connecting -= 1
        self.options.append(options)
        self.setups.append(setup)
        if self.connect_error is not None:
            raise self.connect_error
        connection = ScriptedConnection(self)
        self.connections.append(connection)
        for frame in self.greeting:
            connection.push(*frame)
        return connection

    def provider(
        self,
        *,
        settings: type[RealtimeSettings] = RealtimeSettings,
        options: type[Any] = ScriptedOptions,
        **capabilities: Any,
    ) -> Provider:
        return Provider(
            connect=self.connect,
            options=options,
            settings=settings,
            capabilities=Capabilities(**capabilities),
            api_version=1,
        )

    def client(self, *, capabilities: dict[str, Any] | None = None, **client: Any) -> RealtimeClient:
        """A client of this service."""
        return RealtimeClient(self.provider(**(capabilities or {})), name="scripted", **client)


async def wait_all_tasks_blocked() -> None:
    """Return when every other task waits for something; the loop's own list of what is ready says so."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(100_000):
        await asyncio.sleep(0)
        if not loop._ready:
            return
    raise AssertionError("a task is spinning")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService()


@pytest.fixture
def other_service() -> ScriptedService:
    """Of another provider."""
    return ScriptedService()


@pytest.fixture
def idle() -> Callable[[], Any]:
    """``await idle()`` returns when every other task is blocked."""
    return wait_all_tasks_blocked


@pytest.fixture
async def leftovers():
    """A test that leaves a task running, or an exception that nobody saw, fails."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    gc.collect(0)
    assert not left
    assert not complaints


@pytest.fixture(autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("leftovers")
