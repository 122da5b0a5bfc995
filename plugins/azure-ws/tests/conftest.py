"""What the tests here share: Azure as the simulator plays it, and a server that only notes who asks."""

import contextlib

import pytest
from realtime_azure.options import AzureOptions, note_ignored
from realtime_core.options import build_options
from realtime_core.provider import Setup
from realtime_openai_wire import OpenAIRealtimeExecutionSettings
from realtime_simulator import SimulatorServer, configure
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _nothing_noted_yet():
    note_ignored.cache_clear()


@pytest.fixture
def key():
    """The key that the simulator takes, and nothing may show."""
    return KEY


@pytest.fixture
async def azure():
    """The simulator, with one good key."""
    async with SimulatorServer(configure(speed=0), api_key=KEY) as server:
        yield server


@pytest.fixture
def setup():
    """Makes what a session is to be."""

    def make(**values):
        formats = {"input_audio_format": "pcm16", "output_audio_format": "pcm16"}
        return Setup(settings=OpenAIRealtimeExecutionSettings(**{**formats, **values}), command_id="setup")

    return make


@pytest.fixture
def options():
    """Makes options as a program does that has nothing in its environment."""
    return lambda **given: build_options(AzureOptions, given, {})


@pytest.fixture
def answering():
    """A server that answers each upgrade with one HTTP status; gives its endpoint and the requests."""

    @contextlib.asynccontextmanager
    async def run(status=418, body=b"", **headers):
        requests = []

        def respond(_connection, request):
            requests.append(request)
            length = {"Content-Length": str(len(body))}
            return Response(status, "", Headers({**headers, **length}), body)

        async with serve(lambda _: None, "127.0.0.1", 0, process_request=respond) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests

    return run
