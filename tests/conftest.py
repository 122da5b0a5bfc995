"""What the tests of whole conversations share: servers that misbehave on purpose, and a look for leaks."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import conformance_record
import pytest
from websockets.asyncio.server import ServerConnection, serve

Script = Callable[[ServerConnection], Awaitable[None]]
Serve = Callable[[Script], AbstractAsyncContextManager[str]]


def pytest_configure(config: pytest.Config) -> None:
    """The distributions' own tests are looked at, too, when all run."""
    config.pluginmanager.register(conformance_record)


def frame(kind: str, **fields: object) -> str:
    """A server frame."""
    return json.dumps({"type": kind, "event_id": "event_1", **fields})


def audio_delta(pcm: bytes, number: int = 0) -> str:
    """An audio delta as OpenAI sends it."""
    return frame(
        "response.output_audio.delta",
        response_id="resp_1",
        item_id="item_1",
        output_index=0,
        content_index=0,
        delta=base64.b64encode(pcm).decode(),
        number=number,
    )


async def open_session(socket: ServerConnection) -> None:
    """The server's part of opening."""
    await socket.send(frame("session.created", session={"type": "realtime", "id": "sess_1"}))
    await socket.recv()
    await socket.send(frame("session.updated", session={"type": "realtime", "id": "sess_1"}))


@pytest.fixture
def serve_script() -> Serve:
    """Run a server that follows a script for each connection; gives its base URL."""

    @asynccontextmanager
    async def serving(script: Script) -> AsyncIterator[str]:
        async with serve(script, "127.0.0.1", 0, compression=None) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

    return serving


def sockets() -> int:
    """Open sockets of this process."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(str(link.readlink()).startswith("socket:") for link in links)


@pytest.fixture
async def no_leaks() -> AsyncIterator[None]:
    """After the test there are no more tasks and sockets than before."""
    before = sockets()
    yield
    await asyncio.sleep(0)  # what has just been cancelled gets its turn
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
    assert sockets() <= before
