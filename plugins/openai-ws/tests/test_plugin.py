import asyncio
import contextlib
import json
import subprocess
import sys

import pytest
from openai import AsyncOpenAI
from realtime_core import AudioFormat, RealtimeSessionEvent
from realtime_core.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost, UnsupportedSetting
from realtime_core.options import build_options
from realtime_core.provider import API_VERSION, Setup
from realtime_core.registry import load_provider
from realtime_openai.options import OpenAIOptions
from realtime_openai.plugin import connect, realtime_provider
from realtime_openai_wire import LIVE_SETTINGS, NATIVE_FORMATS, OpenAIRealtimeExecutionSettings
from websockets.asyncio.server import serve

KEY = "sk-test-4f9a8b7c6d5e"


def setup(**values):
    formats = {"input_audio_format": "pcm16", "output_audio_format": "pcm16"}
    return Setup(settings=OpenAIRealtimeExecutionSettings(**{**formats, **values}), command_id="setup")


def options(**given):
    return build_options(OpenAIOptions, given, {})


@contextlib.asynccontextmanager
async def service(requests=None, closed=None):
    """A small realtime service on a real socket: makes a session and accepts its configuration."""

    async def handle(connection):
        if requests is not None:
            requests.append(connection.request)
        await connection.send(json.dumps({"type": "session.created", "session": {"id": "s1"}}))
        async for text in connection:
            session = json.loads(text)["session"]
            await connection.send(json.dumps({"type": "session.updated", "session": session}))
        if closed is not None:
            closed.set()

    async with serve(handle, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def test_the_entry_point_gives_the_provider():
    provider = load_provider("openai-ws")

    assert provider == realtime_provider()
    assert provider.api_version == API_VERSION
    assert provider.settings is OpenAIRealtimeExecutionSettings
    assert provider.options is OpenAIOptions


def test_it_can_do_what_the_protocol_can():
    capabilities = realtime_provider().capabilities

    assert capabilities.input_formats == capabilities.output_formats == NATIVE_FORMATS
    assert (capabilities.turns, capabilities.acks) == (True, True)
    assert capabilities.live_settings == LIVE_SETTINGS
    assert "model" not in capabilities.live_settings


def test_loading_it_loads_neither_openai_nor_websockets():
    show = (
        "import sys, realtime_openai; from realtime_core.registry import load_provider;"
        "load_provider('openai-ws'); print(sorted({'openai', 'websockets'} & sys.modules.keys()))"
    )

    # its own interpreter: this one has them loaded
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"


async def test_a_connection_begins_with_created_and_its_configuration_in_force():
    async with service() as base_url:
        connection = await connect(options(api_key=KEY, base_url=base_url), setup(voice="marin"))

        (created,) = await connection.receive()
        (updated,) = await connection.receive()
        await connection.aclose()

    assert (type(created), created.phase) == (RealtimeSessionEvent, "created")
    assert (updated.phase, updated.command_id) == ("updated", "setup")
    assert updated.service_event["session"]["audio"]["output"]["voice"] == "marin"


async def test_the_request_carries_who_and_what():
    requests = []
    async with service(requests) as base_url:
        given = options(
            api_key=KEY,
            base_url=base_url,
            organization="org-1",
            project="proj-1",
            headers={"X-Safety": "id"},
            query={"intent": "talk"},
        )
        await (await connect(given, setup())).aclose()

    (request,) = requests
    assert request.path == "/v1/realtime?model=gpt-realtime-2.1&intent=talk"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["OpenAI-Organization"] == "org-1"
    assert request.headers["OpenAI-Project"] == "proj-1"
    assert request.headers["X-Safety"] == "id"
    assert "OpenAI-Beta" not in request.headers


@pytest.mark.parametrize(
    ("option", "setting", "path"),
    [
        ({}, {}, "/v1/realtime?model=gpt-realtime-2.1"),
        ({"model": "of-option"}, {}, "/v1/realtime?model=of-option"),
        ({"model": "of-option"}, {"model": "of-setting"}, "/v1/realtime?model=of-setting"),
    ],
)
async def test_the_models_setting_wins_over_the_option(option, setting, path):
    requests = []
    async with service(requests) as base_url:
        await (await connect(options(api_key=KEY, base_url=base_url, **option), setup(**setting))).aclose()

    assert [request.path for request in requests] == [path]


def numbered_keys(*, wait):
    """A function, or a coroutine function, that gives another key each time."""
    keys = iter(["sk-first", "sk-second"])

    def give():
        return next(keys)

    async def give_later():
        await asyncio.sleep(0)
        return next(keys)

    return give_later if wait else give


@pytest.mark.parametrize("wait", [False, True])
async def test_what_gives_a_key_is_asked_on_every_connect(wait):
    requests = []
    async with service(requests) as base_url:
        given = options(api_key=numbered_keys(wait=wait), base_url=base_url)
        for _ in range(2):
            await (await connect(given, setup())).aclose()

    assert [request.headers["Authorization"] for request in requests] == [
        "Bearer sk-first",
        "Bearer sk-second",
    ]


class VaultError(Exception):
    pass


async def broken_vault():
    raise VaultError(KEY)


@pytest.mark.parametrize("give", [broken_vault, lambda: None, lambda: "", lambda: f"{KEY}\n"])
async def test_what_gives_no_key_is_a_failed_authentication_that_shows_none(give):
    with pytest.raises(AuthenticationFailed, match="api_key") as caught:
        await connect(options(api_key=give, base_url="http://127.0.0.1:1/v1"), setup())

    assert KEY not in str(caught.value)


async def test_an_error_of_ours_from_what_gives_a_key_passes_as_it_is():
    async def refuse():
        raise AuthenticationFailed("the vault is closed", status=423)

    with pytest.raises(AuthenticationFailed, match="the vault is closed"):
        await connect(options(api_key=refuse, base_url="http://127.0.0.1:1/v1"), setup())


async def test_a_client_of_ones_own_is_used_and_stays_open():
    requests = []
    async with service(requests) as base_url, AsyncOpenAI(api_key="sk-mine", base_url=base_url) as client:
        given = options(openai_client=client, query={"a": "b"}, headers={"X-Safety": "id"}, project="proj-1")
        connection = await connect(given, setup())
        await connection.aclose()

        assert not client.is_closed()

    assert [request.headers["Authorization"] for request in requests] == ["Bearer sk-mine"]
    assert requests[0].path == "/v1/realtime?model=gpt-realtime-2.1&a=b"
    assert requests[0].headers["X-Safety"] == "id"
    assert "OpenAI-Project" not in requests[0].headers


async def test_closing_ends_the_connection_at_the_service():
    closed = asyncio.Event()
    async with service(closed=closed) as base_url:
        connection = await connect(options(api_key=KEY, base_url=base_url), setup())
        await connection.aclose()
        async with asyncio.timeout(5):
            await closed.wait()

        with pytest.raises(ConnectionLost):
            await connection.receive()


async def test_settings_that_cannot_be_written_leave_no_connection_behind():
    closed = asyncio.Event()
    async with service(closed=closed) as base_url:
        with pytest.raises(UnsupportedSetting):
            await connect(
                options(api_key=KEY, base_url=base_url),
                setup(output_audio_format=AudioFormat("pcm16", 16_000)),
            )
        async with asyncio.timeout(5):
            await closed.wait()


async def test_an_environment_that_openai_dislikes_is_a_failed_connection(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:70")

    with pytest.raises(ConnectionFailed, match=r"api\.openai\.com.*proxy"):
        await connect(options(api_key=KEY), setup())


async def test_a_refusal_passes_with_its_reason():
    with pytest.raises(ConnectionFailed, match=r"nonexistent\.invalid"):
        await connect(options(api_key=KEY, base_url="https://nonexistent.invalid/v1"), setup())
