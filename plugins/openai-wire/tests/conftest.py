"""What the tests here share: real servers, a session's frames, and the ``openai`` package's own types."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import settings
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.commands import (
    AddItem,
    CancelResponse,
    ClearAudio,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Truncate,
    UpdateSession,
)
from realtime_core.contents import Message, ToolResult
from realtime_openai_wire.codec import OpenAIRealtimeCodec
from realtime_openai_wire.names import GA_NAMES
from realtime_openai_wire.server_frames import server_events
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings
from realtime_openai_wire.state import WireState
from realtime_openai_wire.websocket import WebSocketPipe, open_websocket

# Hypothesis' deadline is a timing assertion
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

KEY = "sk-test-4f9a8b7c6d5e"


def exhaust(value: Any) -> None:
    """Pydantic checks the members of an ``Iterable`` only when they are taken."""
    members: Iterable[Any] = () if isinstance(value, str) else getattr(value, "values", lambda: value)()
    if hasattr(members, "__iter__"):
        for member in members:
            exhaust(member)


@pytest.fixture(scope="session")
def check_client_event() -> Callable[[Any], None]:
    """Raises unless a frame is a client event as the ``openai`` package declares it, and nothing more."""
    from openai.types.realtime import RealtimeClientEventParam
    from pydantic import ConfigDict, TypeAdapter

    adapter: TypeAdapter[Any] = TypeAdapter(
        RealtimeClientEventParam, config=ConfigDict(extra="forbid", strict=True)
    )
    return lambda frame: exhaust(adapter.validate_python(frame))


@pytest.fixture
def state() -> WireState:
    """What a new session remembers."""
    return WireState()


@pytest.fixture
def decode(state):
    """The events of one frame after another of the session ``state``."""

    def one(name, **fields):
        frame = {"type": name, "event_id": "event_1", **fields}
        events = server_events(state, name, frame)
        assert all(event.service_event is frame for event in events)
        assert all(event.service_type == GA_NAMES.get(name, name) for event in events)
        return events

    return one


@pytest.fixture(scope="session")
def busy_codec() -> Callable[[], OpenAIRealtimeCodec]:
    """Makes a codec with a command of each kind waiting for its answer."""

    def make() -> OpenAIRealtimeCodec:
        codec = OpenAIRealtimeCodec()
        for command in (
            UpdateSession(settings=OpenAIRealtimeExecutionSettings(voice="marin")),
            CommitAudio(),
            ClearAudio(),
            CreateResponse(),
            AddItem(item=Message("user", "Hello.")),
            AddItem(item=ToolResult("call_1", "f", "1")),
            DeleteItem(item_id="item_1"),
            Truncate(item_id="item_1", keep_ms=1),
            CancelResponse(response_id="resp_1"),
            CancelResponse(),
        ):
            codec.encode(command)
        return codec

    return make


@pytest.fixture
def key() -> str:
    """The key that nothing may show."""
    return KEY


@pytest.fixture
def websocket_server():
    """A real WebSocket server as a context manager; gives its ``host:port``."""
    from websockets.asyncio.server import serve

    async def wait(connection):
        await connection.wait_closed()

    @contextlib.asynccontextmanager
    async def run(handler=wait, **options):
        async with serve(handler, "127.0.0.1", 0, close_timeout=0.5, **options) as server:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    return run


@pytest.fixture
def tcp_server():
    """A real TCP server as a context manager; gives its ``host:port``."""

    @contextlib.asynccontextmanager
    async def run(handler):
        async def guarded(reader, writer):
            try:
                await handler(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(guarded, "127.0.0.1", 0)
        async with server:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    return run


@pytest.fixture
def open_pipe(key):
    """Opens a pipe to ``host``, as a provider does."""
    from openai import AsyncOpenAI

    async def run(host, *, scheme="http", model="gpt-test", timeout_s=5.0, **more) -> WebSocketPipe:
        async with AsyncOpenAI(api_key=key, base_url=f"{scheme}://{host}/v1") as client:
            options = {"query": {}, "headers": {}, **more}
            return await open_websocket(client, model=model, timeout_s=timeout_s, **options)

    return run


@pytest.fixture
def clock():
    """A clock in force throughout the test, which moves it."""
    virtual = VirtualClock()
    with use_clock(virtual):
        yield virtual
