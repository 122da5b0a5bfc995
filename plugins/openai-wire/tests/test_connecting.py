import asyncio
from contextlib import nullcontext

import pytest
from openai import AsyncOpenAI
from realtime_core.errors import ConnectionFailed, UnsupportedCommand
from realtime_core.provider import Setup
from realtime_openai_wire.connecting import bare_headers, connect_websocket, make_openai_client
from realtime_openai_wire.refusals import Checks
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings


def setup(**values):
    formats = {"input_audio_format": "pcm16", "output_audio_format": "pcm16"}
    return Setup(settings=OpenAIRealtimeExecutionSettings(**formats, **values), command_id="setup")


async def connect(client, **values):
    return await connect_websocket(
        client, setup(**values), model="m", query={"a": "b"}, headers={"X-Safety": "id"}, timeout_s=5
    )


@pytest.fixture
def service(websocket_server):
    """A server that tells of the requests that come and the connections that end."""

    def run(requests, closed):
        async def handle(connection):
            requests.append(connection.request)
            await connection.wait_closed()
            closed.set()

        return websocket_server(handle)

    return run


async def test_a_client_for_one_connection_retries_nothing(key):
    async with await make_openai_client("https://api.example.com/v1", key) as client:
        assert (client.api_key, str(client.base_url)) == (key, "https://api.example.com/v1/")
        assert client.max_retries == 0


async def test_an_environment_that_openai_dislikes_is_a_failed_connection_in_the_words_of_the_provider(
    monkeypatch, key
):
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:70")

    with pytest.raises(ConnectionFailed, match=r"api\.example\.com.*proxy"):
        await make_openai_client("https://api.example.com/v1", key, Checks(place="endpoint"))


async def test_a_connection_leaves_its_client_when_it_is_open(service, key):
    requests, closed = [], asyncio.Event()
    async with service(requests, closed) as host:
        client = await make_openai_client(f"http://{host}/v1", key)
        connection = await connect(client, instructions="Be brief.")

        assert client.is_closed()

        await connection.aclose()
        await closed.wait()
    (request,) = requests
    assert request.path == "/v1/realtime?model=m&a=b"
    assert (request.headers["X-Safety"], request.headers["Authorization"]) == ("id", f"Bearer {key}")


async def test_a_client_in_a_null_context_stays_open(service, key):
    closed = asyncio.Event()
    async with service([], closed) as host, AsyncOpenAI(api_key=key, base_url=f"http://{host}/v1") as client:
        await (await connect(nullcontext(client))).aclose()

        assert not client.is_closed()


async def test_a_refused_connection_leaves_its_client(key):
    client = await make_openai_client("http://127.0.0.1:1/v1", key)

    with pytest.raises(ConnectionFailed):
        await connect(client)

    assert client.is_closed()


async def test_settings_that_cannot_be_written_leave_no_connection_behind(service, key):
    closed = asyncio.Event()
    async with service([], closed) as host:
        client = await make_openai_client(f"http://{host}/v1", key)
        with pytest.raises(UnsupportedCommand):
            await connect(client, prompt={"id": "pmpt_1", "variables": {"x": object()}})
        await closed.wait()

    assert client.is_closed()


async def test_cancelling_while_the_client_is_left_leaves_no_connection_behind(service, key):
    closing, closed = asyncio.Event(), asyncio.Event()

    class SlowClient(AsyncOpenAI):
        async def close(self):
            await super().close()
            closing.set()
            await asyncio.Event().wait()

    async with service([], closed) as host:
        connecting = asyncio.create_task(connect(SlowClient(api_key=key, base_url=f"http://{host}/v1")))
        await closing.wait()
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await closed.wait()


async def test_the_environment_replaces_no_key(monkeypatch, service, key):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "authorization: Bearer other\nX-Mine: yes")
    requests, closed = [], asyncio.Event()
    async with service(requests, closed) as host:
        connection = await connect(await make_openai_client(f"http://{host}/v1", key))
        await connection.aclose()
        await closed.wait()

    assert requests[0].headers.get_all("Authorization") == [f"Bearer {key}"]


async def test_bare_headers_are_those_given_and_of_the_client_its_name_alone(monkeypatch, key):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: yes\nuser-agent: other")
    async with await make_openai_client("https://api.example.com/v1", key) as client:
        own, name = client.default_headers.keys(), client.user_agent
        headers = bare_headers(client, {"api-key": key, "x-a": "1"}, {"X-A": "2", "X-B": None})

    sent = {"User-Agent": name, "api-key": key, "x-a": "2"}
    assert headers == {**dict.fromkeys([*own - {"user-agent"}, "X-B"]), **sent}
