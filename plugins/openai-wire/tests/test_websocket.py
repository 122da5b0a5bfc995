import asyncio
import contextlib
import http
import json
import logging
import socket
import ssl
import struct
import subprocess
import sys

import pytest
import trustme
from openai import AsyncOpenAI
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    RateLimited,
)
from realtime_openai_wire.websocket import MAX_FRAME_BYTES, WebSocketPipe, open_websocket
from websockets.asyncio.server import serve

KEY = "sk-test-4f9a8b7c6d5e"


@contextlib.asynccontextmanager
async def websocket_server(handler=None, **options):
    """A real WebSocket server; gives its ``host:port``."""

    async def wait(connection):
        await connection.wait_closed()

    async with serve(handler or wait, "127.0.0.1", 0, close_timeout=0.5, **options) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextlib.asynccontextmanager
async def tcp_server(handler):
    """A real TCP server; gives its ``host:port``."""

    async def guarded(reader, writer):
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def open_pipe(host, *, scheme="http", model="gpt-test", timeout_s=5.0, **more) -> WebSocketPipe:
    async with AsyncOpenAI(api_key=KEY, base_url=f"{scheme}://{host}/v1") as client:
        options = {"query": {}, "headers": {}, **more}
        return await open_websocket(client, model=model, timeout_s=timeout_s, **options)


async def refusal(host, **options) -> Exception:
    with pytest.raises((ConnectionFailed, AuthenticationFailed, RateLimited)) as caught:
        await open_pipe(host, **options)
    assert KEY not in f"{caught.value} {caught.value!r}"
    assert str(caught.value).startswith(host)
    assert "; " in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


async def loss(pipe) -> ConnectionLost:
    with pytest.raises(ConnectionLost) as caught:
        await pipe.recv()
    await pipe.aclose()
    return caught.value


def answering(status, text, headers=()):
    """A server's answer to the upgrade: an HTTP status instead of a WebSocket."""

    def respond(connection, _request):
        response = connection.respond(http.HTTPStatus(status), text)
        for name, value in headers:
            response.headers[name] = value
        return response

    return respond


def sending(*frames, code=None, reason=""):
    """A server that sends frames and closes with a code, or keeps the connection."""

    async def handle(connection):
        for frame in frames:
            await connection.send(frame)
        if code is not None:
            await connection.close(code, reason)
        await connection.wait_closed()

    return handle


# --- opening


async def test_the_upgrade_names_model_query_headers_and_key():
    seen = []
    async with websocket_server(process_request=lambda _, request: seen.append(request)) as host:
        pipe = await open_pipe(host, model="gpt-test", query={"intent": "x"}, headers={"X-Safety": "id 1"})
        await pipe.aclose()

    (request,) = seen
    assert request.path == "/v1/realtime?model=gpt-test&intent=x"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["X-Safety"] == "id 1"
    assert "OpenAI-Beta" not in request.headers
    assert "Sec-WebSocket-Extensions" not in request.headers


async def test_without_a_model_the_url_has_none():
    seen = []
    async with websocket_server(process_request=lambda _, request: seen.append(request.path)) as host:
        pipe = await open_pipe(host, model=None, query={"intent": "transcription"})
        await pipe.aclose()

    assert seen == ["/v1/realtime?intent=transcription"]


async def test_frames_go_both_ways_as_text():
    async def echo(connection):
        async for frame in connection:
            await connection.send(f"{frame}!")

    async with websocket_server(echo) as host:
        pipe = await open_pipe(host)
        await pipe.send('"grüß dich"')

        assert (await pipe.recv()).decode() == '"grüß dich"!'

        await pipe.aclose()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_a_failed_authentication(status):
    said = json.dumps(
        {"error": {"message": f"Incorrect API key provided: {KEY}.", "code": "invalid_api_key"}}
    )
    async with websocket_server(process_request=answering(status, said)) as host:
        error = await refusal(host)

    assert type(error) is AuthenticationFailed
    assert error.status == status
    assert "Incorrect API key provided: sk-…" in str(error)


async def test_too_many_requests_are_rate_limited():
    said = json.dumps({"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}})
    async with websocket_server(process_request=answering(429, said)) as host:
        error = await refusal(host)

    assert type(error) is RateLimited
    assert (error.code, error.retryable) == ("rate_limit_exceeded", True)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, FailedReason.NOT_FOUND),
        (500, FailedReason.UNAVAILABLE),
        (503, FailedReason.UNAVAILABLE),
        (400, FailedReason.REJECTED),
        (302, FailedReason.REJECTED),
    ],
)
async def test_another_status_is_a_failed_connection_with_its_reason(status, reason):
    async with websocket_server(process_request=answering(status, "because of that")) as host:
        error = await refusal(host)

    assert type(error) is ConnectionFailed
    assert (error.reason, error.status) == (reason, status)
    assert "because of that" in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_and_nobody_else_gets_the_key(status):
    seen = []
    async with websocket_server(process_request=lambda _, request: seen.append(request)) as elsewhere:
        location = ("Location", f"ws://{elsewhere}/v1/realtime")
        async with websocket_server(process_request=answering(status, "over there", [location])) as host:
            error = await refusal(host)

    assert seen == []
    assert (error.reason, error.status) == (FailedReason.REJECTED, status)
    assert "redirects" in str(error)


async def test_a_plain_http_server_is_no_websocket():
    async def plain(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()

    async with tcp_server(plain) as host:
        error = await refusal(host)

    assert (error.reason, error.status) == (FailedReason.NOT_WEBSOCKET, 200)


@pytest.mark.parametrize("greeting", [b"220 mail.example.com ESMTP\r\n", b""])
async def test_something_that_speaks_no_http_is_no_websocket(greeting):
    async def other(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(greeting)
        await writer.drain()

    async with tcp_server(other) as host:
        error = await refusal(host)

    assert error.reason is FailedReason.NOT_WEBSOCKET


async def test_an_upgrade_that_is_none_is_no_websocket():
    async def wrong_key(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        await writer.drain()

    async with tcp_server(wrong_key) as host:
        error = await refusal(host)

    assert error.reason is FailedReason.NOT_WEBSOCKET


async def test_a_closed_port_refuses():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"

        error = await refusal(host)

    assert error.reason is FailedReason.REFUSED


async def test_a_name_without_an_address_is_a_matter_of_dns():
    assert (await refusal("nonexistent.invalid")).reason is FailedReason.DNS


async def test_a_server_that_never_answers_times_out():
    done = asyncio.Event()

    async def silent(_reader, _writer):
        await done.wait()

    async with tcp_server(silent) as host:
        error = await refusal(host, timeout_s=0.05)
        done.set()

    assert error.reason is FailedReason.TIMEOUT


async def test_a_certificate_that_is_not_trusted_is_a_matter_of_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with websocket_server(ssl=context) as host:
        error = await refusal(host, scheme="https")

    assert error.reason is FailedReason.TLS
    assert "certificate" in str(error)


async def test_a_trusted_certificate_opens_a_secure_connection(tmp_path, monkeypatch):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with websocket_server(sending("hello"), ssl=context) as host:
        pipe = await open_pipe(host, scheme="https")

        assert await pipe.recv() == b"hello"

        await pipe.aclose()


async def test_a_server_without_tls_is_a_matter_of_tls():
    async def plain(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with tcp_server(plain) as host:
        error = await refusal(host, scheme="https")

    assert error.reason is FailedReason.TLS


async def test_a_broken_proxy_is_a_matter_of_the_network(monkeypatch):
    async def proxy(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        await writer.drain()

    async with tcp_server(proxy) as address:
        monkeypatch.setenv("https_proxy", f"http://{address}")
        error = await refusal("api.example.com", scheme="https")

    assert error.reason is FailedReason.UNREACHABLE
    assert "proxy" in str(error).lower()


async def test_an_error_of_ours_from_a_key_function_passes_as_it_is():
    async def no_key():
        raise AuthenticationFailed("the vault is closed")

    client = AsyncOpenAI(api_key=no_key, base_url="http://127.0.0.1:1/v1")

    with pytest.raises(AuthenticationFailed, match="the vault is closed"):
        await open_websocket(client, model="m", query={}, headers={}, timeout_s=1)


async def test_cancelling_the_open_leaves_no_socket():
    asked, closed = asyncio.Event(), asyncio.Event()

    async def silent(reader, _writer):
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        closed.set()

    async with tcp_server(silent) as host:
        opening = asyncio.create_task(open_pipe(host))
        await asked.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        async with asyncio.timeout(5):
            await closed.wait()


# --- ending


@pytest.mark.parametrize(
    ("code", "said", "reason", "retryable"),
    [
        (1000, "bye", LostReason.CLOSED, True),
        (1001, "restart", LostReason.GOING_AWAY, True),
        (1001, "Your session hit the maximum duration of 60 minutes.", LostReason.EXPIRED, True),
        (1008, "no", LostReason.POLICY, False),
        (1011, "oops", LostReason.SERVER_ERROR, True),
        (1013, "later", LostReason.GOING_AWAY, True),
        (4000, "invalid_request_error.beta_api_shape_disabled", LostReason.REJECTED, False),
    ],
)
async def test_whatever_code_the_server_closes_with_is_a_loss_with_its_reason(code, said, reason, retryable):
    async with websocket_server(sending("first", code=code, reason=said)) as host:
        pipe = await open_pipe(host)
        first = await pipe.recv()

        lost = await loss(pipe)

    assert first == b"first"
    assert (lost.reason, lost.code, lost.retryable) == (reason, code, retryable)
    assert said in str(lost)


async def test_a_connection_cut_without_a_close_is_dropped():
    async def cut(connection):
        connection.transport.abort()

    async with websocket_server(cut) as host:
        lost = await loss(await open_pipe(host))

    assert (lost.reason, lost.code, lost.retryable) == (LostReason.DROPPED, 1006, True)


async def test_a_reset_connection_is_dropped():
    async def reset(connection):
        raw = connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.transport.abort()

    async with websocket_server(reset) as host:
        lost = await loss(await open_pipe(host))

    assert lost.reason is LostReason.DROPPED


async def test_a_frame_above_the_limit_is_a_loss_of_that_name():
    frame = "x" * (70 * 1024 * 1024)
    assert len(frame) > MAX_FRAME_BYTES
    async with websocket_server(sending(frame)) as host:
        lost = await loss(await open_pipe(host))

    assert (lost.reason, lost.code) == (LostReason.FRAME_TOO_BIG, 1009)


async def test_a_frame_of_fifteen_megabytes_is_received():
    frame = "x" * (15 * 1024 * 1024)
    async with websocket_server(sending(frame)) as host:
        pipe = await open_pipe(host)

        assert len(await pipe.recv()) == len(frame)

        await pipe.aclose()


async def test_bytes_that_are_no_websocket_frame_are_a_broken_protocol():
    async def garbage(connection):
        connection.transport.write(b"\xff\xff\xff\xff")
        await connection.wait_closed()

    async with websocket_server(garbage) as host:
        lost = await loss(await open_pipe(host))

    assert (lost.reason, lost.retryable) == (LostReason.PROTOCOL, False)


async def test_after_a_loss_sending_raises_the_same_reason():
    async with websocket_server(sending(code=1011, reason="oops")) as host:
        pipe = await open_pipe(host)
        with pytest.raises(ConnectionLost):
            await pipe.recv()

        with pytest.raises(ConnectionLost) as caught:
            await pipe.send("late")

        await pipe.aclose()

    assert caught.value.reason is LostReason.SERVER_ERROR


async def test_closing_ends_a_waiting_recv_and_every_later_call():
    async with websocket_server() as host:
        pipe = await open_pipe(host)
        waiting = asyncio.create_task(pipe.recv())
        await asyncio.sleep(0)

        await pipe.aclose()
        await pipe.aclose()

        for call in (waiting, pipe.recv(), pipe.send("late")):
            with pytest.raises(ConnectionLost, match="closed here") as caught:
                await call
            assert (caught.value.reason, caught.value.retryable) == (LostReason.CLOSED, False)


async def test_closing_says_goodbye_to_the_server():
    codes = []

    async def handle(connection):
        await connection.wait_closed()
        codes.append(connection.close_code)

    async with websocket_server(handle) as host:
        await (await open_pipe(host)).aclose()

    assert codes == [1000]


async def test_a_cancelled_close_still_closes():
    said_goodbye = asyncio.Event()

    async def handle(connection):
        await connection.wait_closed()
        said_goodbye.set()

    async with websocket_server(handle) as host:
        pipe = await open_pipe(host)
        closing = asyncio.create_task(pipe.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing

        async with asyncio.timeout(5):
            await said_goodbye.wait()
        await pipe.aclose()


async def test_cancelling_a_waiting_recv_loses_nothing():
    go = asyncio.Event()

    async def handle(connection):
        await go.wait()
        await connection.send("first")
        await connection.wait_closed()

    async with websocket_server(handle) as host:
        pipe = await open_pipe(host)
        waiting = asyncio.create_task(pipe.recv())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go.set()

        assert await pipe.recv() == b"first"

        await pipe.aclose()


# --- secrets and weight


async def test_neither_key_nor_frames_reach_a_log_of_ours(caplog):
    caplog.set_level(logging.DEBUG)

    async def echo_once(connection):
        await connection.send(await connection.recv())
        await connection.close(1011, "oops")

    async with websocket_server(echo_once) as host:
        pipe = await open_pipe(host)
        await pipe.send("secret words")
        await pipe.recv()
        await loss(pipe)

    ours = [record.getMessage() for record in caplog.records if record.name.startswith("realtime")]
    assert not [line for line in ours if KEY in line or "secret words" in line]
    theirs = [record.getMessage() for record in caplog.records if record.name == "websockets.client"]
    assert theirs == []


def test_importing_the_package_loads_neither_openai_nor_websockets():
    show = "import sys, realtime_openai_wire; print(sorted({'openai', 'websockets'} & sys.modules.keys()))"

    # its own interpreter: this one has them loaded
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"
