"""Requests that are no session, and client secrets, by the client of the ``openai`` package."""

import asyncio
import json
import logging
from io import BytesIO

import aiohttp
import pytest
from openai import AsyncOpenAI, AuthenticationError, BadRequestError, NotFoundError
from realtime_core.clock import VirtualClock, use_clock
from realtime_simulator.http import http_log
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz"
BEARER = {"Authorization": f"Bearer {KEY}"}
SECRETS = "/realtime/client_secrets"


@pytest.fixture
def clock():
    clock = VirtualClock()
    with use_clock(clock):
        yield clock


@pytest.fixture
async def server(clock):  # noqa: ARG001  # it is in force
    async with SimulatorServer(configure(speed=0, voice="cedar"), api_key=KEY) as server:
        yield server


@pytest.fixture
async def client(server):
    async with AsyncOpenAI(api_key=KEY, base_url=server.base_url, max_retries=0) as client:
        yield client


async def asked(server, method, path, **options):
    """The status, the content type and the error of an answer."""
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"{server.base_url}{path}", **options) as response,
    ):
        return response.status, response.content_type, (await response.json())["error"]


async def created(client, **options):
    """The session as a client finds it."""
    async with client.realtime.connect(**options) as connection:
        event = await connection.recv()
        assert event.type == "session.created"
        return event.session


async def test_client_secret_opens_sessions_on_its_configuration(client, clock):
    secret = await client.realtime.client_secrets.create(
        session={"type": "realtime", "model": "gpt-realtime-2", "instructions": "Be brief."}
    )
    with_secret = client.with_options(api_key=secret.value)

    sessions = [await created(with_secret), await created(with_secret, model="gpt-realtime-mini")]

    assert (secret.session.instructions, secret.session.expires_at) == ("Be brief.", 0)
    assert secret.expires_at == int(clock.epoch_s()) + 600
    assert [session.instructions for session in sessions] == ["Be brief."] * 2
    assert [session.model for session in sessions] == ["gpt-realtime-2", "gpt-realtime-mini"]
    assert len({secret.session.id, *(session.id for session in sessions)}) == 3
    assert sessions[0].expires_at == int(clock.epoch_s()) + 3600
    assert sessions[0].audio.output.voice == "cedar"


async def test_client_secret_may_come_as_subprotocol(server, client):
    secret = await client.realtime.client_secrets.create(session={"type": "realtime", "model": "m"})

    async with connect(
        server.websocket_url, subprotocols=["realtime", f"openai-insecure-api-key.{secret.value}"]
    ) as connection:
        assert json.loads(await connection.recv())["session"]["model"] == "m"


async def test_client_overrides_the_configuration_of_its_secret(client):
    secret = await client.realtime.client_secrets.create(session={"type": "realtime", "instructions": "x"})

    async with client.with_options(api_key=secret.value).realtime.connect() as connection:
        await connection.recv()
        await connection.session.update(session={"type": "realtime", "instructions": "y"})

        assert (await connection.recv()).session.instructions == "y"


async def test_client_secret_of_a_transcription_session_opens_one(client):
    secret = await client.realtime.client_secrets.create(session={"type": "transcription"})

    session = await created(client.with_options(api_key=secret.value))

    assert session.type == "transcription"


async def test_session_outlives_its_secret(client, clock):
    secret = await client.realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 10}
    )
    async with client.with_options(api_key=secret.value).realtime.connect() as connection:
        await connection.recv()
        clock.advance(11)
        await connection.input_audio_buffer.clear()

        assert (await connection.recv()).type == "input_audio_buffer.cleared"


async def test_expired_secret_opens_and_the_first_request_fails(client, clock):
    secret = await client.realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 10}
    )
    clock.advance(10)
    async with client.with_options(api_key=secret.value).realtime.connect() as connection:
        await connection.recv()
        await connection.send({"type": "input_audio_buffer.clear", "event_id": "mine"})
        error = (await connection.recv()).error
        with pytest.raises(ConnectionClosed) as caught:
            await connection.recv_bytes()

    assert (error.message, error.code, error.event_id) == ("Ephemeral token expired", "token_expired", "mine")
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4000, "invalid_request_error.token_expired")


async def test_client_secret_makes_no_further_ones(client):
    secret = await client.realtime.client_secrets.create()

    with pytest.raises(AuthenticationError) as caught:
        await client.with_options(api_key=secret.value).realtime.client_secrets.create()

    assert caught.value.code == "invalid_api_key"
    assert secret.value not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-wrong", "ek_wrong"])
async def test_other_keys_make_none(client, key):
    with pytest.raises(AuthenticationError):
        await client.with_options(api_key=key).realtime.client_secrets.create()


async def test_client_secret_that_would_live_too_long_is_a_400_in_the_shape_of_the_service(client):
    with pytest.raises(BadRequestError) as caught:
        await client.realtime.client_secrets.create(expires_after={"anchor": "created_at", "seconds": 7201})

    assert caught.value.body == {
        "message": (
            "Invalid 'expires_after.seconds': integer above maximum value. "
            "Expected a value <= 7200, but got 7201 instead."
        ),
        "type": "invalid_request_error",
        "param": "expires_after.seconds",
        "code": "integer_above_max_value",
    }


async def test_client_secret_that_was_made_is_logged_without_its_value(client, caplog):
    caplog.set_level("INFO", logger="realtime_simulator")

    secret = await client.realtime.client_secrets.create()

    assert caplog.messages == [f"client secret made, until {secret.expires_at}"]


async def test_transcription_session_has_no_model(client, caplog):
    caplog.set_level("INFO", logger="realtime_simulator")

    session = await created(client, extra_query={"intent": "transcription"})

    assert session.type == "transcription"
    assert caplog.messages[0] == "session 1: opened, transcription"


async def test_unknown_path_is_404_in_the_shape_of_the_service(client):
    with pytest.raises(NotFoundError) as caught:
        await client.models.list()

    assert caught.value.body == {
        "message": "Invalid URL (GET /v1/models)",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize(("method", "path"), [("GET", SECRETS), ("POST", "/realtime")])
async def test_wrong_method_is_405(server, method, path):
    status, content_type, error = await asked(server, method, path)

    assert (status, content_type, error["code"]) == (405, "application/json", "method_not_supported")


async def test_request_without_upgrade_is_400(server):
    status, _, error = await asked(server, "GET", "/realtime?model=m", headers=BEARER)

    assert (status, error["type"]) == (400, "invalid_request_error")


async def test_body_that_is_too_large_is_413(server):
    status, _, error = await asked(server, "POST", SECRETS, data=BytesIO(b" " * 2_000_000), headers=BEARER)

    assert (status, error["type"]) == (413, "invalid_request_error")


async def test_connection_kept_open_by_its_client_ends_with_the_server(server):
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{server.base_url}/realtime/client_secrets", headers=BEARER) as response:
            assert response.status == 200
        await server.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}


# requests that are broken


async def raw(server, data, *, leave=False):
    """What the server says to bytes, unless we leave before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(data)
    await writer.drain()
    if not leave:
        answer = await reader.readline()
        writer.close()
        return answer
    writer.transport.abort()
    return None


def upgrade(*headers, path=b"/v1/realtime?model=m"):
    lines = [
        b"GET %s HTTP/1.1" % path,
        *(b"Host: x", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13"),
        *(b"Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==", *headers),
    ]
    return b"\r\n".join([*lines, b"", b""])


GOOD = b"Authorization: Bearer " + KEY.encode()


@pytest.mark.parametrize(
    "request_",
    [
        upgrade(b"Authorization: Bearer sk-\xff\xfe"),
        upgrade(GOOD, b"X-Other: \xff"),
        upgrade(GOOD, b"OpenAI-Beta: \xff"),
        upgrade(GOOD, b"Sec-WebSocket-Protocol: \xff"),
        upgrade(GOOD, path=b"/v1/realtime?model=\xff"),
        upgrade(GOOD, path=b"/v1/\xff"),
        upgrade(GOOD, b"Authorization Bearer " + KEY.encode()),
        upgrade(GOOD, b"X-Bad\x00: " + KEY.encode()),
        b"POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
        + GOOD
        + b"\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
async def test_broken_request_gets_an_answer_and_no_traceback(server, caplog, request_):
    caplog.set_level("DEBUG")

    status = await raw(server, request_)

    assert status.split()[1] in (b"400", b"401", b"404")
    assert KEY not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "request_",
    [
        upgrade(GOOD),
        b"POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: x\r\n"
        + GOOD
        + b"\r\nContent-Length: 9\r\n\r\n{",
    ],
)
async def test_client_that_goes_before_the_answer_leaves_no_traceback(server, caplog, request_):
    caplog.set_level("DEBUG")

    await raw(server, request_, leave=True)
    await raw(server, upgrade(GOOD, path=b"/next"))
    await server.aclose()

    assert "Traceback" not in caplog.text
    assert KEY not in caplog.text


async def test_path_and_model_stay_in_one_short_line_of_the_log(client, server, caplog):
    caplog.set_level("INFO", logger="realtime_simulator")

    await created(client, model="a\nb" + "x" * 1000)
    await raw(server, upgrade(GOOD, path=b"/a%0Ab"))

    assert "\n" not in "".join(caplog.messages)
    assert max(map(len, caplog.messages)) < 300


def test_log_of_the_http_server_keeps_what_tells_of_no_error(caplog):
    with caplog.at_level(logging.INFO, logger=http_log.name):
        http_log.info("listening")

    assert caplog.messages == ["listening"]
